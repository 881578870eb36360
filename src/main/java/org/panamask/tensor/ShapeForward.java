package org.panamask.tensor;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The forward half of [ShapeOps]: shapes, bytes and operations of everything in [Ops].
abstract sealed class ShapeForward implements Ops permits ShapeOps {
    private final DType dtype;
    private final MemoryModel model;
    private final boolean readable;
    private final ShapeMemory memory;
    private final Map<String, Long> flops = new LinkedHashMap<>();
    private @Nullable Tensor seed;

    /// Counts as `model` says; every number read is 0 if `readable`, and refused otherwise.
    ShapeForward(DType dtype, MemoryModel model, boolean readable) {
        this.dtype = dtype;
        this.model = model;
        this.memory = new ShapeMemory(model);
        this.readable = readable;
    }

    /// A weight that is nothing but a shape.
    static final class ShapeWeight extends Weight {
        private final ShapeMemory.ShapeOwner owner;
        private final Tensor value;
        private final Set<MemoryModel.Direction> multiplied = EnumSet.noneOf(MemoryModel.Direction.class);
        private boolean rounded;

        ShapeWeight(String name, boolean trainable, ShapeMemory.ShapeOwner owner, Tensor value) {
            super(name, value.shape(), trainable);
            this.owner = owner;
            this.value = value;
        }

        @Override
        public Tensor value() {
            return value;
        }
    }

    /// Counts the form that a weight gets with its first product in a direction.
    final void multiplied(Weight w, MemoryModel.Direction direction) {
        if (w instanceof ShapeWeight weight && weight.multiplied.add(direction)) {
            long bytes = model.form(weight, dtype, direction);
            if (bytes > 0) {
                memory.make(weight.owner, Shape.of(bytes), DType.U8);
            }
        }
    }

    /// Counts what a product of `rows` rows with a matrix that is no head needs besides.
    final void linear(Weight w, long rows, MemoryModel.Direction direction) {
        boolean forward = direction == MemoryModel.Direction.FORWARD;
        long out = w.shape().extent(forward ? 0 : 1);
        long in = w.shape().extent(forward ? 1 : 0);
        if (model.roundsToEightBits(w)) {
            rounded(w);
            memory.scratch(model.eightBitProduct(rows, in, out, dtype));
        } else {
            multiplied(w, direction);
            product(rows, in, out);
        }
    }

    private void rounded(Weight w) {
        if (w instanceof ShapeWeight weight && !weight.rounded) {
            weight.rounded = true;
            memory.make(weight.owner, Shape.of(model.eightBitForm(weight)), DType.U8);
        }
    }

    /// The type in which a frozen weight is kept that is stored as `stored`.
    final DType frozen(DType stored) {
        return model.frozen(stored, dtype);
    }

    /// Counts what a product of `rows` rows `[in]` with a matrix needs besides.
    final void product(long rows, long in, long out) {
        memory.scratch(model.product(rows, in, out, dtype));
    }

    private void multiply(Tensor x, Weight w) {
        multiplied(w, MemoryModel.Direction.FORWARD);
        product(x.shape().extent(0), x.shape().last(), w.shape().extent(0));
    }

    /// Counts what summing `dy` over its rows needs besides.
    final void summed(Tensor dy) {
        memory.scratch(model.sumOverRows(dy.shape().extent(0), dy.shape().last()));
    }

    /// Counts what applying a head needs besides.
    final void head(Tensor hidden, Weight head, boolean gradients) {
        multiplied(head, MemoryModel.Direction.FORWARD);
        if (gradients) {
            multiplied(head, MemoryModel.Direction.BACKWARD);
        }
        memory.scratch(model.head(head.shape(), hidden.shape().extent(0), dtype, gradients));
    }

    /// Counts what attention or its way back needs besides.
    final void attended(Tensor q, Tensor k, KeyIntervals mask, boolean gradients) {
        memory.scratch(model.attention(q, k, mask, gradients));
    }

    final ShapeMemory memory() {
        return memory;
    }

    /// Operations by name, in the order of first use.
    final Map<String, Long> counts() {
        return new LinkedHashMap<>(flops);
    }

    final Tensor make(Shape shape, DType type) {
        return memory.make(shape, type);
    }

    final Tensor counted(String operation, long operations, Shape result) {
        count(operation, operations);
        return make(result, dtype);
    }

    final void count(String operation, long operations) {
        flops.merge(operation, operations, Long::sum);
    }

    static long product(Tensor x, Weight w) {
        return 2 * x.count() * w.shape().extent(0);
    }

    static long pairs(KeyIntervals mask) {
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
        return Operands.sumOf(dtype);
    }

    @Override
    public int roundRows(int wanted, int all) {
        return model.roundRows(wanted, all);
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        return make(ShapeRules.upload(shape, values.length), DType.I32);
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        return make(ShapeRules.upload(shape, values.length), sumType());
    }

    /// Zeros, or a refusal unless made by [ShapeOps#ofZeros].
    ///
    /// @throws IllegalStateException because shapes carry no numbers
    @Override
    public int[] ints(Tensor tensor) {
        return new int[readable("ints", tensor)];
    }

    /// Zeros, or a refusal unless made by [ShapeOps#ofZeros].
    ///
    /// @throws IllegalStateException because shapes carry no numbers
    @Override
    public double[] doubles(Tensor tensor) {
        return new double[readable("doubles", tensor)];
    }

    private int readable(String operation, Tensor tensor) {
        if (!readable) {
            throw new IllegalStateException(operation + ": shapes carry no numbers; compute on a backend to read them");
        }
        return Math.toIntExact(tensor.count());
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        return memory.scoped(body);
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        return memory.chain(x, links, link);
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        return counted("embedding", 0, ShapeRules.embedding(ids, table));
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        Shape result = ShapeRules.linear(x, w);
        linear(w, x.shape().extent(0), MemoryModel.Direction.FORWARD);
        return counted("linear", product(x, w), result);
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        Shape result = ShapeRules.linear(x, w, bias);
        linear(w, x.shape().extent(0), MemoryModel.Direction.FORWARD);
        return counted("linear", product(x, w) + result.count(), result);
    }

    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        multiply(h, w);
        count("addLinear", product(h, w) + 2 * y.count());
        return Tensor.of(y.shape(), dtype, y.memory(), y.scope());
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        Tensor result = counted("dropout", x.count(), ShapeRules.dropout(x, key));
        Tensor sent = seed;
        if (model.dropoutSeed() > 0 && (sent == null || !sent.scope().isOpen())) {
            seed = make(Shape.of(model.dropoutSeed()), DType.U8);
        }
        return result;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        return counted("rmsNorm", 4 * x.count(), ShapeRules.rmsNorm(x, gain));
    }

    @Override
    public Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon) {
        return counted("layerNorm", 7 * x.count(), ShapeRules.layerNorm(x, gain, bias));
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        return counted("rotate", 3 * x.count(), ShapeRules.rotate(x, rotation));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        Shape result = ShapeRules.attention(q, k, v, mask, dropout);
        Tensor y = counted(
                "attention", 4 * pairs(mask) * q.shape().extent(1) * q.shape().last(), result);
        long kept = model.attentionResult(q, mask);
        if (kept > 0) {
            make(Shape.of(kept), DType.U8);
        }
        attended(q, k, mask, false);
        return y;
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return counted("swiGlu", 5 * gate.count(), ShapeRules.swiGlu(gate, up));
    }

    @Override
    public Tensor gelu(Tensor x) {
        return counted("gelu", 8 * x.count(), ShapeRules.gelu(x));
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        return counted("add", x.count(), ShapeRules.add(x, y));
    }

    @Override
    public Tensor extrapolate(Tensor from, Tensor to, double factor) {
        return counted("extrapolate", 3 * from.count(), InferenceRules.extrapolate(from, to, factor));
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        return counted("gatherRows", 0, ShapeRules.gatherRows(x, rows));
    }

    @Override
    public void storeRows(Tensor x, Tensor rows, Tensor into) {
        InferenceRules.storeRows(x, rows, into);
        count("storeRows", 0);
    }

    @Override
    public Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        return counted("withRows", 0, InferenceRules.withRows(base, rows, x));
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return counted("columns", 0, ShapeRules.columns(x, from, count));
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        Shape result = HeadRules.logits(hidden, head);
        multiply(hidden, head);
        count("logits", product(hidden, head));
        return make(result, sumType());
    }

    @Override
    public Tensor expectation(Tensor hidden, Weight head, Weight table, double scale) {
        Shape result = InferenceRules.expectation(hidden, head, table);
        multiplied(head, MemoryModel.Direction.FORWARD);
        multiplied(table, MemoryModel.Direction.BACKWARD);
        memory.scratch(model.head(head.shape(), hidden.shape().extent(0), dtype, true));
        return counted(
                "expectation",
                product(hidden, head) + 2 * result.count() * head.shape().extent(0),
                result);
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        Shape rows = HeadRules.crossEntropy(hidden, head, scoring);
        count("crossEntropy", product(hidden, head));
        CrossEntropy result =
                new CrossEntropy(make(Shape.of(1), sumType()), make(rows, sumType()), make(rows, DType.I32));
        head(hidden, head, false);
        return result;
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Shape rows = HeadRules.argmax(hidden, head, rule);
        return prediction("argmax", hidden, head, rows, rule);
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Shape rows = HeadRules.sample(hidden, head, rule, uniforms);
        return prediction("sample", hidden, head, rows, rule);
    }

    private Prediction prediction(String operation, Tensor hidden, Weight head, Shape rows, TokenRule rule) {
        head(hidden, head, false);
        if (!rule.confidenceOfDrawn(head.shape().extent(0))) {
            memory.scratch(2 * model.head(head.shape(), hidden.shape().extent(0), dtype, false));
        }
        count(operation, product(hidden, head));
        return new Prediction(make(rows, DType.I32), make(rows, sumType()), make(rows, sumType()));
    }
}
