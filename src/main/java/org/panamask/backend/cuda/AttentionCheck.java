package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.panamask.backend.BackendException;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Compares an implementation of attention with the kernels without tensor cores, on a small problem, before its first
/// use: a library may be another one than it was taken for.
///
/// @param job what it computes with
/// @param plain the kernels that it is compared with
record AttentionCheck(CudaJob job, AttentionEngine plain) {
    private static final int TOKENS = 24;
    private static final int HEADS = 2;

    /// A mask that hides keys as `kind` says, differently for different rows where it hides any.
    static KeyIntervals mask(MaskFacts.Kind kind) {
        AttentionMask mask = switch (kind) {
            case FULL -> new AttentionMask.Full();
            case CAUSAL -> new AttentionMask.Causal();
            case INTERVALS, ANNEALED, GIVEN ->
                new AttentionMask.Annealed(0.5, 1, new AttentionMask.Lengths(List.of(TOKENS, TOKENS - 5)));
        };
        return mask.lower(2, TOKENS);
    }

    /// Compares `engine`, called `name`, on heads of `width` elements under a mask of `kind`.
    ///
    /// @throws BackendException if it computes something else
    void require(String name, AttentionEngine engine, int width, MaskFacts.Kind kind) {
        KeyIntervals mask = mask(kind);
        Shape queries = Shape.of(mask.count(), HEADS, width);
        Shape keys = Shape.of(mask.count(), 1, width);
        try (Frame _ = job.frame()) {
            Random random = new Random(1);
            AttentionInputs inputs =
                    new AttentionInputs(normal(queries, random), normal(keys, random), normal(keys, random), mask);
            Tensor dy = normal(queries, random);
            List<double[]> expected = run(plain, inputs, dy);
            List<double[]> actual = run(engine, inputs, dy);
            for (int i = 0; i < expected.size(); i++) {
                double off = difference(actual.get(i), expected.get(i));
                if (!(off <= tolerance())) {
                    throw new BackendException(
                            "backend cuda: attention by " + name + " disagrees with the plain kernels"
                                    + " by " + off + " of the largest number in "
                                    + List.of("y", "dq", "dk", "dv").get(i)
                                    + " on heads of " + width + " " + job.dtype() + ", mask " + kind
                                    + ", more than " + tolerance()
                                    + "; set backend.attention to another one and report this");
                }
            }
        }
    }

    /// Twice what the contract allows against exact numbers, because both sides round.
    private double tolerance() {
        return job.dtype() == DType.BF16 ? 4e-2 : job.dtype() == DType.F16 ? 4e-3 : 2e-5;
    }

    private static double difference(double[] actual, double[] expected) {
        double largest = 0.1;
        double off = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            double each = Math.abs(actual[i] - expected[i]);
            // NaN is the worst of all, and stays.
            off = each <= off || Double.isNaN(off) ? off : each;
        }
        return off / largest;
    }

    private Tensor normal(Shape shape, Random random) {
        Tensor tensor = job.make(shape, job.dtype());
        short[] room = new short[Math.toIntExact((tensor.bytes() + 1) / 2)];
        MemorySegment host = MemorySegment.ofArray(room);
        if (job.dtype() == DType.F32) {
            host = MemorySegment.ofArray(new int[Math.toIntExact(tensor.count())]);
        }
        for (long i = 0; i < tensor.count(); i++) {
            HostNumbers.put(host, job.dtype(), i, random.nextGaussian());
        }
        job.device().queue().upload(host, tensor.memory().address());
        return tensor;
    }

    private List<double[]> run(AttentionEngine engine, AttentionInputs inputs, Tensor dy) {
        Tensor y = job.make(inputs.q().shape(), job.dtype());
        Tensor kept = job.make(Shape.of(engine.keptBytes(inputs)), DType.U8);
        AttentionEngine.Result result = new AttentionEngine.Result(y, kept.memory());
        engine.forward(inputs, result);
        List<Tensor> gradients = List.of(
                job.make(inputs.q().shape(), job.dtype()),
                job.make(inputs.k().shape(), job.dtype()),
                job.make(inputs.v().shape(), job.dtype()));
        engine.backward(
                inputs,
                result,
                dy,
                new AttentionEngine.Gradients(
                        new Into(gradients.get(0), false),
                        new Into(gradients.get(1), false),
                        new Into(gradients.get(2), false)));
        return List.of(
                job.doubles(y),
                job.doubles(gradients.get(0)),
                job.doubles(gradients.get(1)),
                job.doubles(gradients.get(2)));
    }
}
