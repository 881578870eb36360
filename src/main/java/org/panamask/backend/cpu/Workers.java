package org.panamask.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A few threads that share loops with the job thread. Which thread does what depends on the number of threads only,
/// and no sum crosses threads, so results do not depend on timing.
final class Workers implements AutoCloseable {
    /// Loops over fewer elements than this are not worth waking a thread for.
    private static final long LEAST_SHARED = 1 << 15;

    /// How often the job thread looks for a finished share before it sleeps.
    private static final int SPINS = 2000;

    private final List<Worker> others = new ArrayList<>();
    private final Tile own = new Tile();
    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean open = true;

    /// What a loop does with its share of the rows.
    @FunctionalInterface
    interface Share {
        /// Does rows `from` up to but not including `to`, with the arrays of `tile`.
        void run(Tile tile, long from, long to);
    }

    private record Task(Share share, long from, long to, Thread waiting) {}

    /// Starts `threads - 1` threads; the job thread is the other one.
    Workers(int threads) {
        for (int index = 1; index < threads; index++) {
            others.add(new Worker());
        }
        for (int index = 0; index < others.size(); index++) {
            Worker worker = others.get(index);
            worker.thread = Thread.ofPlatform()
                    .daemon()
                    .name("panamask-cpu-" + (index + 1))
                    .start(worker);
        }
    }

    private final class Worker implements Runnable {
        private final AtomicReference<@Nullable Task> task = new AtomicReference<>();
        private final Tile tile = new Tile();
        private @Nullable Thread thread;

        void give(Task next) {
            task.set(next);
            LockSupport.unpark(thread);
        }

        @Override
        public void run() {
            while (open) {
                Task next = task.getAndSet(null);
                if (next == null) {
                    LockSupport.park(this);
                } else {
                    perform(next);
                }
            }
        }

        private void perform(Task next) {
            try {
                next.share().run(tile, next.from(), next.to());
            } catch (Throwable thrown) {
                failure.compareAndSet(null, thrown);
            } finally {
                if (unfinished.decrementAndGet() == 0) {
                    LockSupport.unpark(next.waiting());
                }
            }
        }
    }

    /// Runs `share` over `rows` rows of `width` elements each and returns when all are done.
    void rows(long rows, long width, Share share) {
        int parts = rows * width < LEAST_SHARED ? 1 : (int) Math.min(others.size() + 1L, rows);
        // What a share of an earlier loop threw, beside the job thread's own, is not this loop's.
        failure.set(null);
        unfinished.set(parts - 1);
        for (int part = 1; part < parts; part++) {
            others.get(part - 1)
                    .give(new Task(share, rows * part / parts, rows * (part + 1) / parts, Thread.currentThread()));
        }
        try {
            share.run(own, 0, rows / parts);
        } finally {
            await();
        }
        Throwable thrown = failure.get();
        switch (thrown) {
            case null -> {}
            case RuntimeException exception -> throw exception;
            case Error error -> throw error;
            default -> throw new IllegalStateException("a share of a loop failed", thrown);
        }
    }

    private void await() {
        for (int spin = 0; spin < SPINS && unfinished.get() > 0; spin++) {
            Thread.onSpinWait();
        }
        while (unfinished.get() > 0) {
            LockSupport.park(this);
        }
    }

    @Override
    public void close() {
        open = false;
        others.forEach(worker -> LockSupport.unpark(worker.thread));
    }
}
