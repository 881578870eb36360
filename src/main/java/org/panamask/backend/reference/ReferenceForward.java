package org.panamask.backend.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.Supplier;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HeadRules;
import org.panamask.tensor.InferenceRules;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// The forward half of [ReferenceOps].
abstract sealed class ReferenceForward implements Ops permits ReferenceOps {
    final MatmulLoops products;
    private final DType dtype;
    private final TwoEndedArena arena;

    ReferenceForward(Precision precision, TwoEndedArena arena) {
        this.products = new MatmulLoops(precision == Precision.FP8);
        this.dtype = precision.activations();
        this.arena = arena;
    }

    final TwoEndedArena memory() {
        return arena;
    }

    final Tensor make(Shape shape, DType type) {
        return arena.make(shape, type);
    }

    final Tensor made(Shape shape, double[] values) {
        return made(shape, dtype, values);
    }

    final Tensor made(Shape shape, DType type, double[] values) {
        Tensor tensor = make(shape, type);
        Values.store(values, tensor);
        return tensor;
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
    public Tensor upload(Shape shape, int[] values) {
        Tensor tensor = make(ShapeRules.upload(shape, values.length), DType.I32);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_INT, 0, values.length);
        return tensor;
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        return made(ShapeRules.upload(shape, values.length), sumType(), values);
    }

    @Override
    public int[] ints(Tensor tensor) {
        ShapeRules.ints(tensor);
        return Values.ints(tensor);
    }

    @Override
    public double[] doubles(Tensor tensor) {
        ShapeRules.doubles(tensor);
        return Values.of(tensor);
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        return arena.scoped(body);
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        return arena.chain(x, links, link);
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        Tensor y = make(ShapeRules.embedding(ids, table), dtype);
        MatmulLoops.gather(table.value(), Values.ints(ids), y, "embedding: ids");
        return y;
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        return made(ShapeRules.linear(x, w), products.linear(x, w));
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        return made(ShapeRules.linear(x, w, bias), products.linear(x, w, bias));
    }

    /// The sum lies where `y` lay, but is a value of its own: its gradient is not the gradient of `y`.
    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        Values.add(MatmulLoops.branch(h, w, scale), y);
        return Tensor.of(y.shape(), y.dtype(), y.memory(), y.scope());
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        return made(ShapeRules.dropout(x, key), ElementLoops.dropout(x, key));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        return made(ShapeRules.rmsNorm(x, gain), NormLoops.forward(x, gain, epsilon));
    }

    @Override
    public Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon) {
        return made(ShapeRules.layerNorm(x, gain, bias), LayerNormLoops.forward(x, gain, bias, epsilon));
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        return made(ShapeRules.rotate(x, rotation), ElementLoops.rotate(x, rotation, 1));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        Shape shape = ShapeRules.attention(q, k, v, mask, dropout);
        return made(shape, new AttentionLoops(new BackwardOps.AttentionInputs(q, k, v, mask, dropout)).forward());
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return made(ShapeRules.swiGlu(gate, up), ElementLoops.swiGlu(gate, up));
    }

    @Override
    public Tensor gelu(Tensor x) {
        return made(ShapeRules.gelu(x), ElementLoops.gelu(x));
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        Tensor sum = made(ShapeRules.add(x, y), Values.of(x));
        Values.add(Values.of(y), sum);
        return sum;
    }

    @Override
    public Tensor extrapolate(Tensor from, Tensor to, double factor) {
        return made(InferenceRules.extrapolate(from, to, factor), ElementLoops.extrapolate(from, to, factor));
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Tensor y = make(ShapeRules.gatherRows(x, rows), dtype);
        MatmulLoops.gather(x, Values.ints(rows), y, "gatherRows: rows");
        return y;
    }

    @Override
    public void storeRows(Tensor x, Tensor rows, Tensor into) {
        InferenceRules.storeRows(x, rows, into);
        HostNumbers.storeRows(x, rows, into, "storeRows: rows");
    }

    @Override
    public Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        Tensor y = make(InferenceRules.withRows(base, rows, x), base.dtype());
        HostNumbers.copy(base, y);
        HostNumbers.storeRows(x, rows, y, "withRows: rows");
        return y;
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return made(ShapeRules.columns(x, from, count), MatmulLoops.columns(x, from, count));
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        return made(HeadRules.logits(hidden, head), sumType(), new HeadLoops(hidden, head).logits());
    }

    @Override
    public Tensor expectation(Tensor hidden, Weight head, Weight table, double scale) {
        Shape result = InferenceRules.expectation(hidden, head, table);
        return made(result, new HeadLoops(hidden, head).expectation(table, scale));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Prediction prediction = prediction(HeadRules.argmax(hidden, head, rule));
        new HeadLoops(hidden, head).argmax(rule, prediction);
        return prediction;
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Prediction prediction = prediction(HeadRules.sample(hidden, head, rule, uniforms));
        new HeadLoops(hidden, head).sample(rule, uniforms, prediction);
        return prediction;
    }

    private Prediction prediction(Shape rows) {
        return new Prediction(make(rows, DType.I32), make(rows, sumType()), make(rows, sumType()));
    }
}
