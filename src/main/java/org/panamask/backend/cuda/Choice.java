package org.panamask.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.DType;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.TokenRule.Filters;
import org.panamask.tensor.Weight;

/// Tokens chosen from logits, by one kernel for each chunk of rows.
final class Choice {
    /// Its logits are F32 in every job.
    private static final Family FAMILY = new Family("choice", new TreeMap<>());

    /// Units of probability in the kernel.
    private static final double MASS_UNITS = 0x1p48;

    /// The bound of a mass that nothing exceeds.
    private static final long ENDLESS = -1;

    private final CudaJob job;
    private final Head heads;

    Choice(CudaJob job, Head heads) {
        this.job = job;
        this.heads = heads;
    }

    Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        return choose(hidden, head, rule, List.of());
    }

    Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        return choose(hidden, head, rule, List.of(uniforms));
    }

    private Prediction choose(Tensor hidden, Weight head, TokenRule rule, List<Tensor> uniforms) {
        Shape rows = Shape.of(hidden.shape().extent(0));
        Prediction result =
                new Prediction(job.make(rows, DType.I32), job.make(rows, DType.F32), job.make(rows, DType.F32));
        Ids ids = Ids.upload(job, rule);
        byte[] structure = structure(rule, Math.toIntExact(head.shape().extent(0)));
        heads.chunks(hidden, head, (_, chunk) -> {
            Arguments arguments = new Arguments()
                    .pointer(chunk.of(result.tokens()))
                    .pointer(chunk.of(result.logProbability()))
                    .pointer(chunk.of(result.confidence()))
                    .pointer(chunk.logits().address())
                    .pointer(uniforms.stream().mapToLong(chunk::of).findAny().orElse(0))
                    .pointer(ids.ids())
                    .pointer(ids.amounts())
                    .bytes(structure)
                    .i32(chunk.vocabulary());
            job.launch(job.kernel(FAMILY, "choose"), chunk.grid(), arguments);
        });
        return result;
    }

    /// The ids that a rule names, on the device.
    ///
    /// @param ids biased, forbidden and ignored ones, one after the other
    /// @param amounts of the biases
    private record Ids(Tensor ids, Tensor amounts) {
        static Ids upload(CudaJob job, TokenRule rule) {
            int[] biased = new TreeSet<>(rule.bias().keySet())
                    .stream().mapToInt(Integer::intValue).toArray();
            float[] amounts = new float[biased.length];
            for (int i = 0; i < biased.length; i++) {
                amounts[i] = rule.bias().getOrDefault(biased[i], 0.0).floatValue();
            }
            int[] all = Arrays.copyOf(
                    biased,
                    biased.length
                            + rule.forbidden().size()
                            + rule.confidence().ignored().size());
            int next = biased.length;
            for (int id : rule.forbidden()) {
                all[next++] = id;
            }
            for (int id : rule.confidence().ignored()) {
                all[next++] = id;
            }
            return new Ids(job.upload(Shape.of(all.length), all), job.upload(Shape.of(amounts.length), amounts));
        }
    }

    /// `ChoiceRule` of `choice.cu`.
    private static byte[] structure(TokenRule rule, int vocabulary) {
        Filters filters = rule.filters();
        boolean byRank = filters.topK() > 0 && filters.topK() < vocabulary;
        boolean byMass = filters.topP() < 1;
        Confidence confidence = rule.confidence();
        return ByteBuffer.allocate(Long.BYTES + 8 * Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(byMass ? (long) (filters.topP() * MASS_UNITS) : ENDLESS)
                .putInt(byRank ? filters.topK() : vocabulary)
                .putInt(byRank && byMass && filters.first() == Filters.First.TOP_K ? 1 : 0)
                .putInt(rule.bias().size())
                .putInt(rule.forbidden().size())
                .putInt(confidence.ignored().size())
                .putInt(measure(confidence))
                .putInt(confidence.basis() == Confidence.Basis.RAW ? 1 : 0)
                .putFloat((float) (1 / rule.temperature()))
                .array();
    }

    private static int measure(Confidence confidence) {
        if (confidence.equals(Confidence.CHOSEN)) {
            return 0;
        }
        return switch (confidence.measure()) {
            case TOKEN -> 1;
            case MARGIN -> 2;
            case ENTROPY -> 3;
        };
    }
}
