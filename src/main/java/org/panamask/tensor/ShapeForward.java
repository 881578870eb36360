package org.panamask.tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The forward half of [ShapeOps]: shapes, bytes and operations of everything in [Ops].
abstract sealed class ShapeForward implements Ops permits ShapeOps {
    private final DType dtype;
    private final ShapeMemory memory = new ShapeMemory();
    private final Map<String, Long> flops = new LinkedHashMap<>();

    ShapeForward(DType dtype) {
        this.dtype = dtype;
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
        return ShapeRules.sumOf(dtype);
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        return make(ShapeRules.upload(shape, values.length), DType.I32);
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        return make(ShapeRules.upload(shape, values.length), sumType());
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
        return counted(
                "attention", 4 * pairs(mask) * q.shape().extent(1) * q.shape().last(), result);
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
    public Tensor gatherRows(Tensor x, Tensor rows) {
        return counted("gatherRows", 0, ShapeRules.gatherRows(x, rows));
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return counted("columns", 0, ShapeRules.columns(x, from, count));
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        Shape result = ShapeRules.logits(hidden, head);
        count("logits", product(hidden, head));
        return make(result, sumType());
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Tensor targets, Tensor weights) {
        Shape rows = ShapeRules.crossEntropy(hidden, head, targets, weights);
        count("crossEntropy", product(hidden, head));
        return new CrossEntropy(make(Shape.of(1), sumType()), make(rows, sumType()), make(rows, DType.I32));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Shape rows = ShapeRules.argmax(hidden, head, rule);
        count("argmax", product(hidden, head));
        return new Prediction(make(rows, DType.I32), make(rows, sumType()));
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Shape rows = ShapeRules.sample(hidden, head, rule, uniforms);
        count("sample", product(hidden, head));
        return new Prediction(make(rows, DType.I32), make(rows, sumType()));
    }
}
