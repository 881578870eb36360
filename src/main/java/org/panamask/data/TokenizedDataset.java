package org.panamask.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/// The rows of a data set, in the order of its examples, and what making them did.
///
/// @param rows row `i` has index `i`
/// @param statistics what was cut, counted over all rows
public record TokenizedDataset(List<Row> rows, RowStatistics statistics) {
    private static final int CHUNK = 256;

    /// Copies the list.
    public TokenizedDataset {
        rows = List.copyOf(rows);
    }

    /// How to turn texts into ids.
    ///
    /// @param encode ids of a text, without special tokens; called from several threads at once
    /// @param workers threads to use, at least 1
    /// @param progress told after each portion, on the calling thread
    public record Tokenization(Function<String, int[]> encode, int workers, Progress progress) {
        /// Checks the number of threads.
        ///
        /// @throws DataException if `workers` is less than 1
        public Tokenization {
            if (workers < 1) {
                throw new DataException("data.workers must be at least 1, not " + workers);
            }
        }
    }

    /// Hears how far tokenisation has come.
    @FunctionalInterface
    public interface Progress {
        /// `done` of `total` examples are tokenised.
        void at(long done, long total);
    }

    private record Part(List<Row> rows, RowStatistics statistics) {}

    /// How an example is put into ids; called from several threads at once.
    ///
    /// @param <T> the kind of example
    /// @param source the ids of its prompt
    /// @param target the ids of its answer
    public record Encoding<T>(Function<T, int[]> source, Function<T, int[]> target) {}

    /// Tokenises `examples` on several threads and makes a row of each. The result does not depend on the threads.
    ///
    /// @throws DataException if there are no examples
    /// @throws CancellationException if the calling thread is interrupted; its flag stays set
    public static TokenizedDataset build(List<Example> examples, SftRows maker, Tokenization tokenization) {
        Function<String, int[]> encode = tokenization.encode();
        return build(
                examples,
                new Encoding<>(example -> encode.apply(example.prompt()), example -> encode.apply(example.response())),
                maker,
                tokenization);
    }

    /// Tokenises `examples` of any kind on several threads and makes a row of each. The result does not depend on
    /// the threads.
    ///
    /// @param examples what rows are made of
    /// @param encoding their ids
    /// @param maker makes the rows
    /// @param tokenization threads and progress
    /// @param <T> the kind of example
    /// @return the rows and what making them did
    /// @throws DataException if there are no examples
    /// @throws CancellationException if the calling thread is interrupted; its flag stays set
    public static <T> TokenizedDataset build(
            List<T> examples, Encoding<T> encoding, SftRows maker, Tokenization tokenization) {
        if (examples.isEmpty()) {
            throw new DataException("data: there must be at least one example to make rows of, but there is none");
        }
        List<Part> parts = inParallel(
                examples.size(), tokenization, (from, to) -> part(examples.subList(from, to), from, encoding, maker));
        List<Row> rows = new ArrayList<>(examples.size());
        RowStatistics statistics = RowStatistics.NONE;
        for (Part part : parts) {
            rows.addAll(part.rows);
            statistics = statistics.plus(part.statistics);
        }
        return new TokenizedDataset(rows, statistics);
    }

    /// Tokenises `texts` on several threads, in their order.
    ///
    /// @throws CancellationException if the calling thread is interrupted; its flag stays set
    public static List<int[]> encode(List<String> texts, Tokenization tokenization) {
        List<List<int[]>> parts = inParallel(texts.size(), tokenization, (from, to) -> {
            List<int[]> ids = new ArrayList<>(to - from);
            for (String text : texts.subList(from, to)) {
                requireRunning();
                ids.add(tokenization.encode().apply(text));
            }
            return ids;
        });
        return parts.stream().flatMap(List::stream).toList();
    }

    private static <T> Part part(List<T> examples, int first, Encoding<T> encoding, SftRows maker) {
        List<Row> rows = new ArrayList<>(examples.size());
        RowStatistics statistics = RowStatistics.NONE;
        for (T example : examples) {
            requireRunning();
            int[] source = encoding.source.apply(example);
            int[] target = encoding.target.apply(example);
            Row row = maker.row(source, target, first + rows.size());
            rows.add(row);
            statistics = statistics.plus(maker.statistics(row, source, target));
        }
        return new Part(rows, statistics);
    }

    private static void requireRunning() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("tokenisation was cancelled");
        }
    }

    private interface Portion<T> {
        T of(int from, int to);
    }

    private static <T> List<T> inParallel(int total, Tokenization tokenization, Portion<T> portion) {
        List<Callable<T>> tasks = new ArrayList<>();
        for (int from = 0; from < total; from += CHUNK) {
            int first = from;
            tasks.add(() -> portion.of(first, Math.min(total, first + CHUNK)));
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(tokenization.workers())) {
            try {
                List<Future<T>> futures = tasks.stream().map(pool::submit).toList();
                List<T> parts = new ArrayList<>(futures.size());
                for (Future<T> future : futures) {
                    requireRunning(); // a future that is done gives its result to an interrupted thread too
                    parts.add(future.get());
                    tokenization.progress().at(Math.min(total, (long) parts.size() * CHUNK), total);
                }
                return parts;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw cancelled(e);
            } catch (ExecutionException e) {
                throw rethrown(e);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private static CancellationException cancelled(InterruptedException cause) {
        CancellationException cancelled = new CancellationException("tokenisation was cancelled");
        cancelled.initCause(cause);
        return cancelled;
    }

    private static RuntimeException rethrown(ExecutionException failure) {
        return switch (failure.getCause()) {
            case RuntimeException exception -> exception;
            case Error error -> throw error;
            case null, default -> new IllegalStateException("tokenisation failed", failure);
        };
    }
}
