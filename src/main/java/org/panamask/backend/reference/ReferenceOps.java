package org.panamask.backend.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Supplier;
import org.panamask.backend.host.HostArena;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.GradientRules;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Checks, finds memory, and has the loops compute. Every operation computes in double from start to end and rounds
/// what it stores once.
final class ReferenceOps implements BackwardOps {
    private final DType dtype;
    private final HostArena arena;

    ReferenceOps(DType dtype, HostArena arena) {
        this.dtype = dtype;
        this.arena = arena;
    }

    private Tensor made(Shape shape, double[] values) {
        return made(shape, dtype, values);
    }

    private Tensor made(Shape shape, DType type, double[] values) {
        Tensor tensor = empty(shape, type);
        Values.store(values, tensor);
        return tensor;
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
        Tensor tensor = empty(ShapeRules.upload(shape, values.length), DType.I32);
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
        JobArena.Mark mark = arena.mark(arena.end());
        try {
            return body.get();
        } finally {
            arena.release(mark);
        }
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        JobArena.Mark mark = arena.mark(JobArena.End.LOW);
        Tensor y = x;
        for (int index = 0; index < links; index++) {
            Tensor next = link.apply(index, y);
            if (arena.isSince(mark, next)) {
                y = arena.releaseKeeping(mark, List.of(next)).getFirst();
            } else {
                arena.release(mark);
                y = next;
            }
        }
        return y;
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        Tensor y = empty(ShapeRules.embedding(ids, table), dtype);
        MatmulLoops.gather(table.value(), Values.ints(ids), y, "embedding: ids");
        return y;
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        return made(ShapeRules.linear(x, w), MatmulLoops.linear(x, w));
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        return made(ShapeRules.linear(x, w, bias), MatmulLoops.addBias(MatmulLoops.linear(x, w), bias));
    }

    /// The sum lies where `y` lay, but is a value of its own: its gradient is not the gradient of `y`.
    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        double[] branch = MatmulLoops.linear(h, w);
        for (int i = 0; i < branch.length; i++) {
            branch[i] *= scale;
        }
        Values.add(branch, y);
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
    public Tensor rotate(Tensor x, Rotation rotation) {
        return made(ShapeRules.rotate(x, rotation), ElementLoops.rotate(x, rotation, 1));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        Shape shape = ShapeRules.attention(q, k, v, mask);
        return made(shape, new AttentionLoops(new AttentionInputs(q, k, v, mask)).forward());
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return made(ShapeRules.swiGlu(gate, up), ElementLoops.swiGlu(gate, up));
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        Tensor sum = made(ShapeRules.add(x, y), Values.of(x));
        Values.add(Values.of(y), sum);
        return sum;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Tensor y = empty(ShapeRules.gatherRows(x, rows), dtype);
        MatmulLoops.gather(x, Values.ints(rows), y, "gatherRows: rows");
        return y;
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        return made(ShapeRules.logits(hidden, head), sumType(), new HeadLoops(hidden, head).logits());
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Tensor targets, Tensor weights) {
        return crossEntropyWithGradients(
                hidden, head, targets, weights, new CrossEntropyGradients(List.of(), List.of()));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        Prediction prediction = prediction(ShapeRules.argmax(hidden, head, rule));
        new HeadLoops(hidden, head).argmax(rule, prediction);
        return prediction;
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Prediction prediction = prediction(ShapeRules.sample(hidden, head, rule, uniforms));
        new HeadLoops(hidden, head).sample(rule, uniforms, prediction);
        return prediction;
    }

    private Prediction prediction(Shape rows) {
        return new Prediction(empty(rows, DType.I32), empty(rows, sumType()));
    }

    @Override
    public JobArena arena() {
        return arena;
    }

    @Override
    public Tensor empty(Shape shape, DType type) {
        return arena.make(shape, type);
    }

    @Override
    public Weight weight(Owner owner, HostTensor source, boolean trainable) {
        Tensor value = zeros(owner, source.shape(), trainable ? sumType() : source.dtype());
        HostNumbers.copy(source, value);
        return new ReferenceWeight(source.name(), value, trainable);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType type) {
        return arena.keeper(ReferenceBackend.NAME, owner).make(shape, type);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        GradientRules.copy(from, to);
        HostNumbers.copy(from, to);
    }

    @Override
    public void clear(Tensor tensor) {
        tensor.memory().fill((byte) 0);
    }

    @Override
    public void accumulate(Tensor x, Into into) {
        GradientRules.accumulate(x, into);
        Values.store(Values.of(x), into);
    }

    @Override
    public void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        GradientRules.embeddingBackward(dy, ids, table);
        MatmulLoops.scatterAdd(dy, Values.ints(ids), table, "embeddingBackward: ids");
    }

    @Override
    public void linearBackward(Tensor dy, Weight w, float scale, Into dx) {
        GradientRules.linearBackward(dy, w, dx);
        Values.store(MatmulLoops.inputGradient(dy, w, scale), dx);
    }

    @Override
    public void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        GradientRules.linearWeightBackward(dy, x, dw);
        Values.add(MatmulLoops.weightGradient(dy, x, scale), dw);
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        GradientRules.biasBackward(dy, dbias);
        Values.add(MatmulLoops.biasGradient(dy), dbias);
    }

    @Override
    public void dropoutBackward(Tensor dy, DropoutKey key, Into dx) {
        GradientRules.dropoutBackward(dy, key, dx);
        Values.store(ElementLoops.dropout(dy, key), dx);
    }

    @Override
    public void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.rmsNormBackward(dy, x, gain, dx);
        Values.store(NormLoops.inputGradient(dy, x, gain, epsilon), dx);
    }

    @Override
    public void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.rmsNormGainBackward(dy, x, dgain);
        Values.add(NormLoops.gainGradient(dy, x, epsilon), dgain);
    }

    @Override
    public void rotateBackward(Tensor dy, Rotation rotation, Into dx) {
        GradientRules.rotateBackward(dy, rotation, dx);
        Values.store(ElementLoops.rotate(dy, rotation, -1), dx);
    }

    @Override
    public void attentionBackward(Tensor dy, AttentionInputs inputs, Into dq, Into dk, Into dv) {
        GradientRules.attentionBackward(dy, inputs, dq, dk, dv);
        AttentionLoops.Gradients gradients = new AttentionLoops(inputs).backward(dy);
        Values.store(gradients.q(), dq);
        Values.store(gradients.k(), dk);
        Values.store(gradients.v(), dv);
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        GradientRules.swiGluBackward(dy, gate, up, dgate, dup);
        Values.store(ElementLoops.gateGradient(dy, gate, up), dgate);
        Values.store(ElementLoops.upGradient(dy, gate), dup);
    }

    @Override
    public void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        GradientRules.gatherRowsBackward(dy, rows, dx);
        if (!dx.add()) {
            clear(dx.tensor());
        }
        MatmulLoops.scatterAdd(dy, Values.ints(rows), dx.tensor(), "gatherRowsBackward: rows");
    }

    @Override
    public CrossEntropy crossEntropyWithGradients(
            Tensor hidden, Weight head, Tensor targets, Tensor weights, CrossEntropyGradients gradients) {
        Shape rows = GradientRules.crossEntropyWithGradients(hidden, head, targets, weights, gradients);
        CrossEntropy result =
                new CrossEntropy(empty(Shape.of(1), sumType()), empty(rows, sumType()), empty(rows, DType.I32));
        HeadLoops loops = new HeadLoops(hidden, head);
        double[] dlogits = loops.crossEntropy(targets, weights, result);
        gradients.hidden().forEach(gradient -> Values.store(loops.hiddenGradient(dlogits), gradient));
        gradients.head().forEach(gradient -> Values.add(loops.headGradient(dlogits), gradient));
        return result;
    }

    @Override
    public Tensor sumOfSquares(List<Tensor> tensors) {
        return made(
                GradientRules.sumOfSquares(tensors), DType.F64, new double[] {OptimizerLoops.sumOfSquares(tensors)});
    }

    @Override
    public void adamW(Weight w, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        GradientRules.adamW(w, gradient, mean, meanSquare, step);
        OptimizerLoops.adamW(w.value(), gradient, mean, meanSquare, step);
        w.changed();
    }
}
