package org.panamask.tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Computes shapes, bytes and operations of a model without computing a number: memory estimates and tests at real
/// model sizes, without weights and without a device. It refuses what a backend refuses, in the same words.
///
/// Counted are tensors of the arena and of owners; what a backend takes besides (a chunk of logits, a block of scores,
/// packed weights) is its own. Multiplications and additions count one each.
public final class ShapeOps implements BackwardOps {
    private final DType dtype;
    private final ShapeMemory memory = new ShapeMemory();
    private final Map<String, Long> flops = new LinkedHashMap<>();

    private ShapeOps(DType dtype) {
        this.dtype = dtype;
    }

    /// Shapes of activations of type `dtype`.
    ///
    /// @throws ShapeException if activations cannot have that type
    public static ShapeOps of(DType dtype) {
        return switch (dtype) {
            case F64, F32, F16, BF16 -> new ShapeOps(dtype);
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException("shapes: activations must be F64, F32, F16 or BF16, but got " + dtype);
        };
    }

    /// Floating-point operations by the name of the operation, in the order of first use.
    public Map<String, Long> flops() {
        return new LinkedHashMap<>(flops);
    }

    /// The most bytes held at once so far, by the arena and all owners.
    public long peakBytes() {
        return memory.peak();
    }

    /// The most bytes that both ends of the arena held at once so far.
    public long arenaPeakBytes() {
        return memory.arenaPeak();
    }

    /// The bytes of every owner that holds any.
    public Map<String, Long> ownerBytes() {
        return memory.owners();
    }

    /// An owner that counts what it would keep.
    public Owner owner(String name) {
        return memory.owner(name);
    }

    /// A weight that is nothing but a shape.
    ///
    /// @param owner made by [#owner]
    /// @param name the name in the checkpoint
    /// @param shape the extents
    /// @param stored its type in the checkpoint; a trainable weight takes [#sumType] instead
    /// @param trainable whether the optimizer will change it
    public Weight weight(Owner owner, String name, Shape shape, DType stored, boolean trainable) {
        return new ShapeWeight(name, trainable, zeros(owner, shape, trainable ? sumType() : stored));
    }

    private static final class ShapeWeight extends Weight {
        private final Tensor value;

        ShapeWeight(String name, boolean trainable, Tensor value) {
            super(name, value.shape(), trainable);
            this.value = value;
        }

        @Override
        public Tensor value() {
            return value;
        }
    }

    private Tensor counted(String operation, long operations, Shape result) {
        count(operation, operations);
        return empty(result, dtype);
    }

    private void count(String operation, long operations) {
        flops.merge(operation, operations, Long::sum);
    }

    private static long product(Tensor x, Weight w) {
        return 2 * x.count() * w.shape().extent(0);
    }

    private static long pairs(KeyIntervals mask) {
        long pairs = 0;
        for (int row = 0; row < mask.count(); row++) {
            pairs += mask.bound(row, 1) - mask.bound(row, 0) + mask.bound(row, 3) - mask.bound(row, 2);
        }
        return pairs;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public DType sumType() {
        return ShapeRules.sumOf(dtype);
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        return empty(ShapeRules.upload(shape, values.length), DType.I32);
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        return empty(ShapeRules.upload(shape, values.length), sumType());
    }

    /// Always refuses.
    ///
    /// @throws IllegalStateException because shapes carry no numbers
    @Override
    public int[] ints(Tensor tensor) {
        throw numberless("ints");
    }

    /// Always refuses.
    ///
    /// @throws IllegalStateException because shapes carry no numbers
    @Override
    public double[] doubles(Tensor tensor) {
        throw numberless("doubles");
    }

    private static IllegalStateException numberless(String operation) {
        return new IllegalStateException(operation + ": shapes carry no numbers; compute on a backend to read them");
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        JobArena.Mark mark = memory.mark(memory.end());
        try {
            return body.get();
        } finally {
            memory.release(mark);
        }
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        JobArena.Mark mark = memory.mark(JobArena.End.LOW);
        Tensor y = x;
        for (int index = 0; index < links; index++) {
            Tensor next = link.apply(index, y);
            if (memory.isSince(mark, next)) {
                y = memory.releaseKeeping(mark, List.of(next)).getFirst();
            } else {
                memory.release(mark);
                y = next;
            }
        }
        return y;
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        return counted("embedding", 0, ShapeRules.embedding(ids, table));
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        Shape result = ShapeRules.linear(x, w);
        return counted("linear", product(x, w), result);
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        Shape result = ShapeRules.linear(x, w, bias);
        return counted("linear", product(x, w) + result.count(), result);
    }

    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        count("addLinear", product(h, w) + 2 * y.count());
        return Tensor.of(y.shape(), dtype, y.memory(), y.scope());
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        return counted("dropout", x.count(), ShapeRules.dropout(x, key));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        return counted("rmsNorm", 4 * x.count(), ShapeRules.rmsNorm(x, gain));
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        return counted("rotate", 3 * x.count(), ShapeRules.rotate(x, rotation));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        Shape result = ShapeRules.attention(q, k, v, mask);
        return counted(
                "attention", 4 * pairs(mask) * q.shape().extent(1) * q.shape().last(), result);
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return counted("swiGlu", 5 * gate.count(), ShapeRules.swiGlu(gate, up));
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        return counted("add", x.count(), ShapeRules.add(x, y));
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        return counted("gatherRows", 0, ShapeRules.gatherRows(x, rows));
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        Shape result = ShapeRules.logits(hidden, head);
        count("logits", product(hidden, head));
        return empty(result, sumType());
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Tensor targets, Tensor weights) {
        Shape rows = ShapeRules.crossEntropy(hidden, head, targets, weights);
        count("crossEntropy", product(hidden, head));
        return new CrossEntropy(empty(Shape.of(1), sumType()), empty(rows, sumType()), empty(rows, DType.I32));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Shape rows = ShapeRules.argmax(hidden, head, rule);
        count("argmax", product(hidden, head));
        return new Prediction(empty(rows, DType.I32), empty(rows, sumType()));
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Shape rows = ShapeRules.sample(hidden, head, rule, uniforms);
        count("sample", product(hidden, head));
        return new Prediction(empty(rows, DType.I32), empty(rows, sumType()));
    }

    @Override
    public JobArena arena() {
        return memory;
    }

    @Override
    public Tensor empty(Shape shape, DType type) {
        return memory.make(shape, type);
    }

    @Override
    public Weight weight(Owner owner, HostTensor source, boolean trainable) {
        return weight(owner, source.name(), source.shape(), source.dtype(), trainable);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType type) {
        if (!(owner instanceof ShapeMemory.ShapeOwner counting)) {
            throw new IllegalArgumentException(
                    "shapes: owners come from ShapeOps.owner, but got " + owner.name() + " of another backend");
        }
        return memory.make(counting, shape, type);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        GradientRules.copy(from, to);
    }

    @Override
    public void clear(Tensor tensor) {}

    @Override
    public void accumulate(Tensor x, Into into) {
        GradientRules.accumulate(x, into);
        count("accumulate", x.count());
    }

    @Override
    public void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        GradientRules.embeddingBackward(dy, ids, table);
        count("embeddingBackward", dy.count());
    }

    @Override
    public void linearBackward(Tensor dy, Weight w, float scale, Into dx) {
        GradientRules.linearBackward(dy, w, dx);
        count("linearBackward", 2 * dy.count() * w.shape().last());
    }

    @Override
    public void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        GradientRules.linearWeightBackward(dy, x, dw);
        count("linearWeightBackward", 2 * dy.count() * x.shape().last());
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        GradientRules.biasBackward(dy, dbias);
        count("biasBackward", dy.count());
    }

    @Override
    public void dropoutBackward(Tensor dy, DropoutKey key, Into dx) {
        GradientRules.dropoutBackward(dy, key, dx);
        count("dropoutBackward", dy.count());
    }

    @Override
    public void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.rmsNormBackward(dy, x, gain, dx);
        count("rmsNormBackward", 9 * dy.count());
    }

    @Override
    public void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.rmsNormGainBackward(dy, x, dgain);
        count("rmsNormGainBackward", 5 * dy.count());
    }

    @Override
    public void rotateBackward(Tensor dy, Rotation rotation, Into dx) {
        GradientRules.rotateBackward(dy, rotation, dx);
        count("rotateBackward", 3 * dy.count());
    }

    @Override
    public void attentionBackward(Tensor dy, AttentionInputs inputs, Into dq, Into dk, Into dv) {
        GradientRules.attentionBackward(dy, inputs, dq, dk, dv);
        Shape q = inputs.q().shape();
        count("attentionBackward", 10 * pairs(inputs.mask()) * q.extent(1) * q.last());
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        GradientRules.swiGluBackward(dy, gate, up, dgate, dup);
        count("swiGluBackward", 10 * dy.count());
    }

    @Override
    public void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        GradientRules.gatherRowsBackward(dy, rows, dx);
        count("gatherRowsBackward", dy.count());
    }

    @Override
    public CrossEntropy crossEntropyWithGradients(
            Tensor hidden, Weight head, Tensor targets, Tensor weights, CrossEntropyGradients gradients) {
        GradientRules.crossEntropyWithGradients(hidden, head, targets, weights, gradients);
        long products = (long) gradients.hidden().size() + gradients.head().size();
        count("crossEntropyWithGradients", products * product(hidden, head));
        return crossEntropy(hidden, head, targets, weights);
    }

    @Override
    public Tensor sumOfSquares(List<Tensor> tensors) {
        Shape result = GradientRules.sumOfSquares(tensors);
        count("sumOfSquares", 2 * tensors.stream().mapToLong(Tensor::count).sum());
        return empty(result, DType.F64);
    }

    @Override
    public void adamW(Weight w, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        GradientRules.adamW(w, gradient, mean, meanSquare, step);
        count("adamW", 14 * gradient.count());
        w.changed();
    }
}
