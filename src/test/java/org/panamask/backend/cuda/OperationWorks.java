package org.panamask.backend.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.backend.ProductMode;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.BackwardOps.CrossEntropyGradients;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Every operation with small inputs, as work whose calls can be made to fail.
final class OperationWorks {
    private static final int ROWS = 5;
    private static final int WIDTH = 16;

    private OperationWorks() {}

    /// What is computed in one job.
    private interface Job extends BiFunction<BackwardOps, Owner, List<double[]>> {}

    private static DisturbedWork work(String name, BackendSettings settings, Job job) {
        return new DisturbedWork(name, settings, backend -> {
            try (Owner owner = backend.owner("operations")) {
                return backend.run(name, settings.dtype(), ops -> job.apply(ops, owner));
            }
        });
    }

    private static BackendSettings in(Precision precision) {
        return CudaFixture.GRAPHS.with("dtype", precision);
    }

    /// Work whose plans are made by calls of its own.
    static Stream<DisturbedWork> planned() {
        return Stream.of(
                work(
                        "products, bf16, steady",
                        in(Precision.BF16).with("products", ProductMode.STEADY),
                        OperationWorks::products),
                work("products, fp8", in(Precision.FP8), OperationWorks::products),
                attention(AttentionKernels.MATH, Precision.F32));
    }

    static Stream<DisturbedWork> all() {
        return Stream.of(
                work("products, bf16", in(Precision.BF16), OperationWorks::products),
                work("products, fp8", in(Precision.FP8), OperationWorks::products),
                work("rows", in(Precision.F32), OperationWorks::rows),
                work("layers", in(Precision.F32), OperationWorks::layers),
                work(
                        "layers, each command checked",
                        in(Precision.F32).with("launch", Launching.CHECKED),
                        OperationWorks::layers),
                work("head", in(Precision.F16), OperationWorks::head),
                work("optimizer", in(Precision.F32), OperationWorks::optimizer),
                work("memory", in(Precision.F32), OperationWorks::memory),
                new DisturbedWork("plan", in(Precision.F32), OperationWorks::plan),
                attention(AttentionKernels.MATH, Precision.BF16),
                attention(AttentionKernels.PMK, Precision.F32),
                attention(AttentionKernels.PMK, Precision.BF16),
                attention(AttentionKernels.FLASHATTN, Precision.BF16));
    }

    private static double number(long i) {
        double x = 0.618_033_988_75 * (i + 1);
        return x - Math.floor(x) - 0.4;
    }

    private static double[] numbers(Shape shape) {
        double[] numbers = new double[Math.toIntExact(shape.count())];
        Arrays.setAll(numbers, OperationWorks::number);
        return numbers;
    }

    private static Tensor x(BackwardOps ops, long... extents) {
        Shape shape = Shape.of(extents);
        Tensor x = ops.empty(shape, ops.dtype());
        ops.copy(ops.upload(shape, numbers(shape)), x);
        return x;
    }

    private static Tensor sums(BackwardOps ops, long... extents) {
        Shape shape = Shape.of(extents);
        return ops.upload(shape, numbers(shape));
    }

    private static Into into(BackwardOps ops, boolean add, long... extents) {
        return new Into(x(ops, extents), add);
    }

    private static Weight weight(BackwardOps ops, Owner owner, boolean trained, long... extents) {
        Shape shape = Shape.of(extents);
        double[] numbers = numbers(shape);
        float[] values = new float[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) numbers[i];
        }
        return ops.weight(owner, HostTensor.of("w", shape, values), trained);
    }

    private static List<double[]> read(BackwardOps ops, Tensor... tensors) {
        return Arrays.stream(tensors).map(ops::doubles).toList();
    }

    private static List<double[]> products(BackwardOps ops, Owner owner) {
        Tensor x = x(ops, ROWS, WIDTH);
        Weight frozen = weight(ops, owner, false, WIDTH, WIDTH);
        Weight trained = weight(ops, owner, true, WIDTH, WIDTH);
        Tensor y = ops.linear(x, frozen, weight(ops, owner, true, WIDTH));
        Tensor sum = ops.addLinear(ops.linear(x, trained), x, trained, 0.5f);
        Into dx = into(ops, false, ROWS, WIDTH);
        Into added = into(ops, true, ROWS, WIDTH);
        Tensor dw = sums(ops, WIDTH, WIDTH);
        Tensor dbias = sums(ops, WIDTH);
        ops.linearBackward(x, frozen, 1, dx);
        ops.linearBackward(x, trained, 0.5f, added);
        ops.linearWeightBackward(x, y, 1, dw);
        ops.biasBackward(y, dbias);
        return read(ops, y, sum, dx.tensor(), added.tensor(), dw, dbias);
    }

    private static List<double[]> rows(BackwardOps ops, Owner owner) {
        Tensor ids = ops.upload(Shape.of(3), new int[] {4, 0, 4});
        Tensor dtable = sums(ops, ROWS, WIDTH);
        ops.embeddingBackward(x(ops, 3, WIDTH), ids, dtable);
        Tensor embedded = ops.embedding(ids, weight(ops, owner, true, ROWS, WIDTH));
        Tensor x = x(ops, ROWS, WIDTH);
        Tensor gathered = ops.gatherRows(x, ids);
        Into dgathered = into(ops, true, ROWS, WIDTH);
        ops.gatherRowsBackward(x(ops, 3, WIDTH), ids, dgathered);
        Tensor places = ops.upload(Shape.of(2), new int[] {3, 1});
        Tensor with = ops.withRows(x, places, x(ops, 2, WIDTH));
        Tensor kept = ops.zeros(owner, Shape.of(ROWS, WIDTH), ops.dtype());
        ops.storeRows(x(ops, 2, WIDTH), places, kept);
        Tensor columns = ops.columns(x, 3, 4);
        Into dcolumns = into(ops, false, ROWS, WIDTH);
        ops.columnsBackward(columns, 3, dcolumns);
        return read(
                ops,
                dtable,
                embedded,
                gathered,
                dgathered.tensor(),
                with,
                kept,
                columns,
                dcolumns.tensor(),
                ops.extrapolate(x, with, 1.5));
    }

    private static List<double[]> layers(BackwardOps ops, Owner owner) {
        Tensor x = x(ops, ROWS, WIDTH);
        Weight gain = weight(ops, owner, true, WIDTH);
        List<Tensor> results = new ArrayList<>();
        results.add(ops.layerNorm(x, gain, gain, 1e-5));
        results.add(ops.rmsNorm(x, gain, 1e-5));
        results.add(ops.gelu(x));
        results.add(ops.add(x, x));
        results.add(ops.swiGlu(x, x));
        DropoutKey key = new DropoutKey(0.3, 77, 5, ops.upload(Shape.of(ROWS, 2), new int[2 * ROWS]));
        results.add(ops.dropout(x, key));
        results.add(ops.chain("chain", x, 2, (n, each) -> ops.gelu(each)));
        Into dx = into(ops, true, ROWS, WIDTH);
        Tensor dgain = sums(ops, WIDTH);
        ops.layerNormBackward(x, x, gain, 1e-5, dx);
        ops.layerNormGainBackward(x, x, 1e-5, dgain);
        ops.rmsNormBackward(x, x, gain, 1e-5, dx);
        ops.rmsNormGainBackward(x, x, 1e-5, dgain);
        ops.geluBackward(x, x, dx);
        ops.swiGluBackward(x, x, x, dx, dx);
        ops.dropoutBackward(x, key, dx);
        Ops.Rotation rotation = new Ops.Rotation(
                sums(ops, ROWS, WIDTH / 2), sums(ops, ROWS, WIDTH / 2), ops.upload(Shape.of(ROWS), new int[ROWS]));
        Tensor heads = x(ops, ROWS, 1, WIDTH);
        Into dheads = into(ops, false, ROWS, 1, WIDTH);
        ops.rotateBackward(heads, rotation, dheads);
        results.addAll(List.of(dx.tensor(), dgain, ops.rotate(heads, rotation), dheads.tensor()));
        return read(ops, results.toArray(Tensor[]::new));
    }

    private static List<double[]> head(BackwardOps ops, Owner owner) {
        Tensor hidden = x(ops, ROWS, WIDTH);
        Weight head = weight(ops, owner, true, 37, WIDTH);
        Tensor targets = ops.upload(Shape.of(ROWS), new int[] {1, 2, 3, 4, 36});
        Tensor uniforms = ops.upload(Shape.of(ROWS), new double[] {0.1, 0.3, 0.5, 0.7, 0.9});
        TokenRule rule = new TokenRule(0.8, 9, 0.9, List.of(3)).withBias(Map.of(4, 1.5));
        Prediction surest = ops.argmax(hidden, head, rule);
        Prediction drawn = ops.sample(hidden, head, rule, uniforms);
        Tensor dhidden = x(ops, ROWS, WIDTH);
        Tensor dhead = sums(ops, 37, WIDTH);
        CrossEntropy loss = ops.crossEntropyWithGradients(
                hidden,
                head,
                new Scoring(targets, uniforms),
                new CrossEntropyGradients(List.of(dhidden), List.of(dhead)));
        CrossEntropy alone = ops.crossEntropy(hidden, head, targets, uniforms);
        List<double[]> results = new ArrayList<>(read(
                ops,
                ops.logits(hidden, head),
                ops.expectation(hidden, head, head, 0.5),
                surest.confidence(),
                drawn.logProbability(),
                loss.loss(),
                alone.loss(),
                dhidden,
                dhead));
        Stream.of(surest, drawn)
                .map(each ->
                        Arrays.stream(ops.ints(each.tokens())).asDoubleStream().toArray())
                .forEach(results::add);
        return results;
    }

    private static List<double[]> optimizer(BackwardOps ops, Owner owner) {
        Weight w = weight(ops, owner, true, ROWS, WIDTH);
        Tensor gradient = sums(ops, ROWS, WIDTH);
        Tensor mean = ops.zeros(owner, Shape.of(ROWS, WIDTH), DType.F32);
        Tensor meanSquare = ops.zeros(owner, Shape.of(ROWS, WIDTH), DType.F32);
        double[] squares = ops.doubles(ops.sumOfSquares(List.of(gradient, x(ops, 3))));
        ops.adamW(w, gradient, mean, meanSquare, new AdamWStep(1e-2, 0.9, 0.99, 1e-8, 0.1, 1, 1));
        ops.accumulate(x(ops, ROWS, WIDTH), new Into(gradient, true));
        ops.clear(mean);
        List<double[]> results = new ArrayList<>(read(ops, w.value(), gradient, mean, meanSquare));
        results.add(squares);
        return results;
    }

    /// More than goes through the staging at once, and tensors that move within the arena.
    private static List<double[]> memory(BackwardOps ops, Owner owner) {
        double[] many = new double[Staging.BYTES / Float.BYTES + 100];
        Arrays.setAll(many, OperationWorks::number);
        Tensor large = ops.upload(Shape.of(many.length), many);
        JobArena.Mark mark = ops.arena().mark(JobArena.End.LOW);
        ops.empty(Shape.of(64), DType.F32);
        Tensor inner = ops.empty(large.shape(), DType.F32);
        ops.copy(large, inner);
        Tensor moved = ops.arena().releaseKeeping(mark, List.of(inner)).getFirst();
        double[] last = new double[1];
        try (Owner _ = owner) {
            Tensor kept = ops.zeros(owner, Shape.of(3), DType.F32);
            last[0] = ops.doubles(kept)[2];
        }
        double[] read = ops.doubles(moved);
        return List.of(new double[] {Arrays.stream(read).sum()}, last);
    }

    private static List<double[]> plan(CudaBackend backend) {
        backend.reserve(4 << 20);
        return List.of(new double[] {
            backend.memoryModel().kept().size(), backend.deviceBytes().orElseThrow()
        });
    }

    private static DisturbedWork attention(AttentionKernels kernels, Precision precision) {
        BackendSettings settings =
                in(precision).with("attention", kernels).with("deterministic", kernels != AttentionKernels.FLASHATTN);
        return work("attention, " + kernels + ", " + precision, settings, (ops, _) -> {
            KeyIntervals mask = new AttentionMask.Lengths(List.of(4, 6)).lower(2, 6);
            AttentionInputs inputs = new AttentionInputs(
                    x(ops, mask.count(), 2, WIDTH), x(ops, 12, 1, WIDTH), x(ops, 12, 1, WIDTH), mask);
            Tensor y = ops.attention(inputs.q(), inputs.k(), inputs.v(), mask, Optional.empty());
            Into dq = into(ops, false, mask.count(), 2, WIDTH);
            Into dk = into(ops, false, 12, 1, WIDTH);
            Into dv = into(ops, true, 12, 1, WIDTH);
            ops.attentionBackward(x(ops, mask.count(), 2, WIDTH), inputs, dq, dk, dv);
            return read(ops, y, dq.tensor(), dk.tensor(), dv.tensor());
        });
    }
}
