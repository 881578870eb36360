package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.backend.cpu.Head.Chunk;
import org.panamask.backend.host.HostNumbers;
import org.panamask.ffi.DnnlEltwise;
import org.panamask.ffi.DnnlType;
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
        return new Prediction(job.make(rows, DType.I32), job.make(rows, DType.F32));
    }

    private static void put(Prediction result, long row, int token, double logProbability) {
        result.tokens().memory().setAtIndex(ValueLayout.JAVA_INT, row, token);
        HostNumbers.put(result.logProbability(), row, logProbability);
    }

    Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Prediction result = result(hidden);
        int vocabulary = Math.toIntExact(head.shape().extent(0));
        heads.chunks(hidden, head, (_, chunk) -> {
            int[] best = new int[(int) chunk.rows()];
            forbid(chunk, vocabulary, rule);
            eachRow(chunk, vocabulary, (row, logits, _) -> best[row] = largest(logits, vocabulary));
            softmax(chunk, vocabulary, rule);
            eachRow(chunk, vocabulary, (row, p, filter) -> {
                double mass = isFiltered(rule, vocabulary) ? filter.keep(p, vocabulary, rule) : 1;
                put(result, chunk.from() + row, best[row], Math.log(p[best[row]] / mass));
            });
        });
        return result;
    }

    Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Prediction result = result(hidden);
        int vocabulary = Math.toIntExact(head.shape().extent(0));
        heads.chunks(hidden, head, (_, chunk) -> {
            forbid(chunk, vocabulary, rule);
            softmax(chunk, vocabulary, rule);
            eachRow(chunk, vocabulary, (row, p, filter) -> {
                double mass = isFiltered(rule, vocabulary) ? filter.keep(p, vocabulary, rule) : sum(p, vocabulary);
                double bound = HostNumbers.at(uniforms, chunk.from() + row) * mass;
                int token = draw(p, vocabulary, bound);
                put(result, chunk.from() + row, token, Math.log(p[token] / mass));
            });
        });
        return result;
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

    private static double sum(float[] p, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += p[i];
        }
        return sum;
    }

    private static boolean isFiltered(TokenRule rule, int vocabulary) {
        return rule.topK() > 0 && rule.topK() < vocabulary || rule.topP() < 1;
    }

    @FunctionalInterface
    private interface RowWork {
        void run(int row, float[] values, ProbabilityFilter filter);
    }

    private void eachRow(Chunk chunk, int vocabulary, RowWork work) {
        job.rows(chunk.rows(), vocabulary, (tile, first, last) -> {
            ProbabilityFilter filter = new ProbabilityFilter(tile);
            for (int row = (int) first; row < last; row++) {
                work.run(row, tile.load(0, chunk.logits(), DType.F32, (long) row * vocabulary, vocabulary), filter);
            }
        });
    }

    private static void forbid(Chunk chunk, int vocabulary, TokenRule rule) {
        MemorySegment logits = chunk.logits();
        for (int id : rule.forbidden()) {
            for (long row = 0; row < chunk.padded(); row++) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, row * vocabulary + id, Float.NEGATIVE_INFINITY);
            }
        }
    }

    /// Replaces logits by the probabilities after temperature.
    private void softmax(Chunk chunk, int vocabulary, TokenRule rule) {
        Layout layout = Layout.matrix(DnnlType.F32, chunk.padded(), vocabulary);
        if (rule.temperature() != 1) {
            DnnlEltwise scale = DnnlEltwise.linear((float) (1 / rule.temperature()), 0);
            job.run(new Plan.Eltwise(scale, layout), chunk.logits(), chunk.logits());
        }
        job.run(new Plan.Softmax(layout, layout), chunk.logits(), chunk.logits());
    }
}
