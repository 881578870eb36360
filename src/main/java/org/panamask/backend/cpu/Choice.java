package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.panamask.backend.cpu.Head.Chunk;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlEltwise;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.DType;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Tokens chosen from logits. Softmax of whole rows is oneDNN's; filters sort only what may stay.
final class Choice {
    private final CpuJob job;
    private final Head heads;

    Choice(CpuJob job, Head heads) {
        this.job = job;
        this.heads = heads;
    }

    /// The place of the largest value, the first of equals.
    static int largest(float[] values, int count) {
        int best = 0;
        float largest = values[0];
        for (int i = 1; i < count; i++) {
            if (values[i] > largest) {
                largest = values[i];
                best = i;
            }
        }
        return best;
    }

    private Prediction result(Tensor hidden) {
        Shape rows = Shape.of(hidden.shape().extent(0));
        return new Prediction(job.make(rows, DType.I32), job.make(rows, DType.F32), job.make(rows, DType.F32));
    }

    /// What is asked of the head, for all chunks.
    ///
    /// @param rule how tokens are chosen
    /// @param vocabulary V
    /// @param result receives the answers
    private record Question(TokenRule rule, int vocabulary, Prediction result) {
        static Question of(TokenRule rule, Weight head, Prediction result) {
            return new Question(rule, Math.toIntExact(head.shape().extent(0)), result);
        }

        /// Filters `p` and returns the mass of what is left of a whole that sums to `whole`.
        double filtered(float[] p, ProbabilityFilter filter, double whole) {
            return rule.filters().drops(vocabulary) ? filter.keep(p, vocabulary, rule.filters()) : whole;
        }

        /// Enters `token`, chosen for a row with probabilities `p` that sum to `mass`; `raw` are those whose
        /// confidence counts where it is not that of `p`.
        void answer(long row, int token, float[] p, double mass, Optional<RawRow> raw) {
            double logProbability = Math.log(p[token] / mass);
            Confidence confidence = rule.confidence();
            result.tokens().memory().setAtIndex(ValueLayout.JAVA_INT, row, token);
            HostNumbers.put(result.logProbability(), row, logProbability);
            HostNumbers.put(
                    result.confidence(),
                    row,
                    confidence.equals(Confidence.CHOSEN)
                            ? logProbability
                            : raw.map(one -> one.confidence(confidence, token))
                                    .orElseGet(() -> Sureness.of(confidence, p, vocabulary, token, mass)));
        }
    }

    /// A row of a chunk's raw probabilities.
    ///
    /// @param tile arrays to work in
    /// @param probabilities of the chunk
    /// @param first the row's first element
    /// @param vocabulary the number of its elements
    private record RawRow(Tile tile, MemorySegment probabilities, long first, int vocabulary) {
        double confidence(Confidence confidence, int token) {
            if (confidence.measure() == Confidence.Measure.TOKEN
                    && confidence.ignored().isEmpty()) {
                return Math.log(probabilities.getAtIndex(ValueLayout.JAVA_FLOAT, first + token));
            }
            float[] p = tile.load(2, probabilities, DType.F32, first, vocabulary);
            return Sureness.of(confidence, p, vocabulary, token, 1);
        }
    }

    Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Question question = Question.of(rule, head, result(hidden));
        int vocabulary = question.vocabulary();
        heads.chunks(hidden, head, (frame, chunk) -> {
            int[] best = new int[(int) chunk.rows()];
            adjust(chunk, vocabulary, rule);
            eachRow(chunk, vocabulary, (row, logits, _) -> best[row] = largest(logits, vocabulary));
            Optional<MemorySegment> raw = raw(frame, chunk, question);
            softmax(chunk, vocabulary, rule.temperature());
            eachRow(chunk, vocabulary, (row, p, tile) -> {
                double mass = question.filtered(p, new ProbabilityFilter(tile), 1);
                question.answer(chunk.from() + row, best[row], p, mass, rawRow(raw, tile, row, vocabulary));
            });
        });
        return question.result();
    }

    Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Question question = Question.of(rule, head, result(hidden));
        int vocabulary = question.vocabulary();
        heads.chunks(hidden, head, (frame, chunk) -> {
            adjust(chunk, vocabulary, rule);
            Optional<MemorySegment> raw = raw(frame, chunk, question);
            softmax(chunk, vocabulary, rule.temperature());
            eachRow(chunk, vocabulary, (row, p, tile) -> {
                double mass = question.filtered(p, new ProbabilityFilter(tile), Sureness.sum(p, vocabulary));
                int token = draw(p, vocabulary, HostNumbers.at(uniforms, chunk.from() + row) * mass);
                question.answer(chunk.from() + row, token, p, mass, rawRow(raw, tile, row, vocabulary));
            });
        });
        return question.result();
    }

    /// The probabilities before temperature and filters, where confidence is taken of them and they differ.
    private Optional<MemorySegment> raw(Frame frame, Chunk chunk, Question question) {
        if (question.rule().confidenceOfDrawn(question.vocabulary())) {
            return Optional.empty();
        }
        MemorySegment probabilities = frame.take(chunk.padded() * question.vocabulary() * 4);
        Layout layout = Layout.matrix(DnnlType.F32, chunk.padded(), question.vocabulary());
        job.run(new Plan.Softmax(layout, layout), chunk.logits(), probabilities);
        return Optional.of(probabilities);
    }

    private static Optional<RawRow> rawRow(Optional<MemorySegment> raw, Tile tile, int row, int vocabulary) {
        return raw.map(probabilities -> new RawRow(tile, probabilities, (long) row * vocabulary, vocabulary));
    }

    /// The first id at which the summed probabilities exceed `bound`; the last possible one where rounding leaves
    /// none.
    private static int draw(float[] p, int vocabulary, double bound) {
        double before = 0;
        int token = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (p[id] > 0) {
                token = id;
                before += p[id];
                if (before > bound) {
                    break;
                }
            }
        }
        return token;
    }

    @FunctionalInterface
    private interface RowWork {
        void run(int row, float[] values, Tile tile);
    }

    private void eachRow(Chunk chunk, int vocabulary, RowWork work) {
        job.rows(chunk.rows(), vocabulary, (tile, first, last) -> {
            for (int row = (int) first; row < last; row++) {
                work.run(row, tile.load(0, chunk.logits(), DType.F32, (long) row * vocabulary, vocabulary), tile);
            }
        });
    }

    /// Adds biases, and takes forbidden ids out.
    private static void adjust(Chunk chunk, int vocabulary, TokenRule rule) {
        MemorySegment logits = chunk.logits();
        rule.bias().forEach((id, amount) -> {
            for (long row = 0; row < chunk.rows(); row++) {
                long at = row * vocabulary + id;
                float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, at);
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) (logit + amount));
            }
        });
        for (int id : rule.forbidden()) {
            for (long row = 0; row < chunk.padded(); row++) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, row * vocabulary + id, Float.NEGATIVE_INFINITY);
            }
        }
    }

    /// Replaces logits by the probabilities after temperature.
    private void softmax(Chunk chunk, int vocabulary, double temperature) {
        Layout layout = Layout.matrix(DnnlType.F32, chunk.padded(), vocabulary);
        if (temperature != 1) {
            DnnlEltwise scale = DnnlEltwise.linear((float) (1 / temperature), 0);
            job.run(new Plan.Eltwise(scale, layout), chunk.logits(), chunk.logits());
        }
        job.run(new Plan.Softmax(layout, layout), chunk.logits(), chunk.logits());
    }
}
