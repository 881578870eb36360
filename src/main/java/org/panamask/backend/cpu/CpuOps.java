package org.panamask.backend.cpu;

import java.util.List;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.MemoryOwner;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.GradientRules;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Checks what is asked and hands it to the part that computes it.
final class CpuOps extends CpuForward implements BackwardOps {
    CpuOps(CpuJob job) {
        super(job);
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
        MemoryOwner keeper = job.arena().keeper(CpuBackend.NAME, owner);
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
        requireActivations("linearBackward", dy);
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
    public void layerNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.layerNormBackward(dy, x, gain, dx);
        layers.layerNormBackward(dy, x, gain, epsilon, dx);
    }

    @Override
    public void layerNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.layerNormGainBackward(dy, x, dgain);
        layers.layerNormGainBackward(dy, x, epsilon, dgain);
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
    public void geluBackward(Tensor dy, Tensor x, Into dx) {
        GradientRules.geluBackward(dy, x, dx);
        requireActivations("geluBackward", dy);
        pointwise.geluBackward(dy, x, dx);
    }

    @Override
    public void columnsBackward(Tensor dy, long from, Into dx) {
        GradientRules.columnsBackward(dy, from, dx);
        Columns.putBack(job, dy, from, dx);
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
            Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients) {
        GradientRules.crossEntropyWithGradients(hidden, head, scoring, gradients);
        requireActivations("crossEntropyWithGradients", hidden);
        return heads.crossEntropy(hidden, head, scoring, gradients);
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
