package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Supplier;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.host.HostOwner;
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
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Checks what is asked and hands it to the part that computes it.
final class CpuOps implements BackwardOps {
    private final CpuJob job;
    private final Products products;
    private final Pointwise pointwise;
    private final Normalization normalization;
    private final Rotary rotary;
    private final Dropout dropout;
    private final Sums sums;
    private final Head heads;
    private final Choice choice;

    CpuOps(CpuJob job) {
        this.job = job;
        this.products = new Products(job);
        this.pointwise = new Pointwise(job);
        this.normalization = new Normalization(job);
        this.rotary = new Rotary(job);
        this.dropout = new Dropout(job);
        this.sums = new Sums(job);
        this.heads = new Head(job, products);
        this.choice = new Choice(job, heads);
    }

    @Override
    public DType dtype() {
        return job.dtype();
    }

    @Override
    public DType sumType() {
        return DType.F32;
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        Tensor tensor = empty(ShapeRules.upload(shape, values.length), DType.I32);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_INT, 0, values.length);
        return tensor;
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        Tensor tensor = empty(ShapeRules.upload(shape, values.length), DType.F32);
        for (int i = 0; i < values.length; i++) {
            HostNumbers.put(tensor, i, values[i]);
        }
        return tensor;
    }

    @Override
    public int[] ints(Tensor tensor) {
        ShapeRules.ints(tensor);
        return tensor.memory().toArray(ValueLayout.JAVA_INT);
    }

    @Override
    public double[] doubles(Tensor tensor) {
        ShapeRules.doubles(tensor);
        double[] values = new double[Math.toIntExact(tensor.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.at(tensor, i);
        }
        return values;
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        JobArena.Mark mark = job.arena().mark(job.arena().end());
        try {
            return body.get();
        } finally {
            job.arena().release(mark);
        }
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        JobArena.Mark mark = job.arena().mark(JobArena.End.LOW);
        Tensor y = x;
        for (int index = 0; index < links; index++) {
            Tensor next = link.apply(index, y);
            if (job.arena().isSince(mark, next)) {
                y = job.arena().releaseKeeping(mark, List.of(next)).getFirst();
            } else {
                job.arena().release(mark);
                y = next;
            }
        }
        return y;
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        Tensor y = empty(ShapeRules.embedding(ids, table), job.dtype());
        CpuWeight rows = CpuWeight.of(job, table);
        gather(rows.plain(job, job.dtype()), rows.shape().extent(0), ids, y, "embedding: ids");
        return y;
    }

    /// Copies rows; `what` names the indices in messages.
    private static void gather(MemorySegment from, long bound, Tensor indices, Tensor to, String what) {
        long bytes = to.shape().last() * to.dtype().bytes();
        for (long row = 0; row < indices.count(); row++) {
            long index = HostNumbers.intAt(indices, row);
            ShapeRules.requireIndex(what, index, row, bound);
            MemorySegment.copy(from, index * bytes, to.memory(), row * bytes, bytes);
        }
    }

    /// Refuses tensors whose bytes oneDNN would read as numbers of the job's type.
    private void requireActivations(String operation, Tensor tensor) {
        if (tensor.dtype() != job.dtype()) {
            throw new ShapeException(operation + ": activations must be " + job.dtype()
                    + ", the type that this job computes in, but got " + tensor.dtype());
        }
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        return products.linear(x, w, ShapeRules.linear(x, w));
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        return products.linear(x, w, bias, ShapeRules.linear(x, w, bias));
    }

    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        return products.addLinear(y, h, w, scale);
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        ShapeRules.dropout(x, key);
        return dropout.dropout(x, key);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        ShapeRules.rmsNorm(x, gain);
        requireActivations("rmsNorm", x);
        return normalization.rmsNorm(x, gain, epsilon);
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        ShapeRules.rotate(x, rotation);
        return rotary.rotate(x, rotation);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        ShapeRules.attention(q, k, v, mask);
        requireActivations("attention", q);
        return Attention.attention(job, new AttentionInputs(q, k, v, mask));
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        ShapeRules.swiGlu(gate, up);
        requireActivations("swiGlu", gate);
        return pointwise.swiGlu(gate, up);
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        ShapeRules.add(x, y);
        requireActivations("add", x);
        return pointwise.add(x, y);
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Tensor y = empty(ShapeRules.gatherRows(x, rows), x.dtype());
        gather(x.memory(), x.shape().extent(0), rows, y, "gatherRows: rows");
        return y;
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        return heads.logits(hidden, head, ShapeRules.logits(hidden, head));
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Tensor targets, Tensor weights) {
        ShapeRules.crossEntropy(hidden, head, targets, weights);
        return heads.crossEntropy(hidden, head, targets, weights, new CrossEntropyGradients(List.of(), List.of()));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        ShapeRules.argmax(hidden, head, rule);
        return choice.argmax(hidden, head, rule);
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        ShapeRules.sample(hidden, head, rule, uniforms);
        return choice.sample(hidden, head, rule, uniforms);
    }

    @Override
    public JobArena arena() {
        return job.arena();
    }

    @Override
    public Tensor empty(Shape shape, DType dtype) {
        return job.make(shape, dtype);
    }

    @Override
    public Weight weight(Owner owner, HostTensor source, boolean trainable) {
        HostOwner keeper = job.arena().keeper(CpuBackend.NAME, owner);
        Tensor value = keeper.make(source.shape(), trainable ? DType.F32 : job.dtype());
        HostNumbers.copy(source, value);
        return new CpuWeight(source.name(), job.device(), keeper, value, trainable);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType dtype) {
        return job.arena().keeper(CpuBackend.NAME, owner).make(shape, dtype);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        GradientRules.copy(from, to);
        job.convert(from.memory(), from.dtype(), to.memory(), to.dtype(), from.count());
    }

    @Override
    public void clear(Tensor tensor) {
        pointwise.clear(tensor);
    }

    @Override
    public void accumulate(Tensor x, Into into) {
        GradientRules.accumulate(x, into);
        pointwise.accumulate(x, into);
    }

    @Override
    public void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        GradientRules.embeddingBackward(dy, ids, table);
        sums.embeddingBackward(dy, ids, table);
    }

    @Override
    public void linearBackward(Tensor dy, Weight w, float scale, Into dx) {
        GradientRules.linearBackward(dy, w, dx);
        products.linearBackward(dy, w, scale, dx);
    }

    @Override
    public void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        GradientRules.linearWeightBackward(dy, x, dw);
        products.linearWeightBackward(dy, x, scale, dw);
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        GradientRules.biasBackward(dy, dbias);
        sums.biasBackward(dy, dbias);
    }

    @Override
    public void dropoutBackward(Tensor dy, DropoutKey key, Into dx) {
        GradientRules.dropoutBackward(dy, key, dx);
        dropout.apply(dy, key, dx);
    }

    @Override
    public void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.rmsNormBackward(dy, x, gain, dx);
        normalization.rmsNormBackward(dy, x, gain, epsilon, dx);
    }

    @Override
    public void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.rmsNormGainBackward(dy, x, dgain);
        normalization.rmsNormGainBackward(dy, x, epsilon, dgain);
    }

    @Override
    public void rotateBackward(Tensor dy, Rotation rotation, Into dx) {
        GradientRules.rotateBackward(dy, rotation, dx);
        rotary.rotateBackward(dy, rotation, dx);
    }

    @Override
    public void attentionBackward(Tensor dy, AttentionInputs inputs, Into dq, Into dk, Into dv) {
        GradientRules.attentionBackward(dy, inputs, dq, dk, dv);
        requireActivations("attentionBackward", dy);
        AttentionShape shape = AttentionShape.of(inputs.q(), inputs.k(), inputs.mask());
        new AttentionGradient(job, shape, inputs, dy).run(dq, dk, dv);
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        GradientRules.swiGluBackward(dy, gate, up, dgate, dup);
        requireActivations("swiGluBackward", dy);
        pointwise.swiGluBackward(dy, gate, up, dgate, dup);
    }

    @Override
    public void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        GradientRules.gatherRowsBackward(dy, rows, dx);
        if (!dx.add()) {
            pointwise.clear(dx.tensor());
        }
        sums.gatherRowsBackward(dy, rows, dx);
    }

    @Override
    public CrossEntropy crossEntropyWithGradients(
            Tensor hidden, Weight head, Tensor targets, Tensor weights, CrossEntropyGradients gradients) {
        GradientRules.crossEntropyWithGradients(hidden, head, targets, weights, gradients);
        return heads.crossEntropy(hidden, head, targets, weights, gradients);
    }

    @Override
    public Tensor sumOfSquares(List<Tensor> tensors) {
        GradientRules.sumOfSquares(tensors);
        return sums.sumOfSquares(tensors);
    }

    @Override
    public void adamW(Weight w, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        GradientRules.adamW(w, gradient, mean, meanSquare, step);
        sums.adamW(w.value(), gradient, mean, meanSquare, step);
        w.changed();
    }
}
