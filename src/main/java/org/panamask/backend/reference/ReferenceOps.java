package org.panamask.backend.reference;

import java.util.List;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.TwoEndedArena;
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

/// Checks, finds memory, and has the loops compute. Every operation computes in double from start to end and rounds
/// what it stores once. In F16 and BF16 it rounds where automatic mixed precision does besides: products take halves
/// (a trained weight's F32 master copy, probabilities, gradients of scores and logits are rounded first) and sum in
/// F32, the low-rank branch is a half before it is added; softmax, the statistics of norms, rotary tables, logits and
/// their cross entropy, and gradients of weights are never halves. What a half cannot hold becomes infinite. In FP8 it
/// computes as in BF16, and rounds both sides of products with the matrices of [Float8#multiplies] once more.
final class ReferenceOps extends ReferenceForward implements BackwardOps {
    ReferenceOps(Precision precision, TwoEndedArena arena) {
        super(precision, arena);
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        return crossEntropyWithGradients(hidden, head, scoring, new CrossEntropyGradients(List.of(), List.of()));
    }

    @Override
    public JobArena arena() {
        return memory();
    }

    @Override
    public Tensor empty(Shape shape, DType type) {
        return make(shape, type);
    }

    @Override
    public Weight weight(Owner owner, HostTensor source, boolean trainable) {
        DType frozen = Values.isHalf(dtype()) ? dtype() : source.dtype();
        Tensor value = zeros(owner, source.shape(), trainable ? sumType() : frozen);
        HostNumbers.copy(source, value);
        return new ReferenceWeight(source.name(), value, trainable);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType type) {
        return memory().keeper(ReferenceBackend.NAME, owner).make(shape, type);
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
        Values.store(products.inputGradient(dy, w, scale), dx);
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
    public void layerNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.layerNormBackward(dy, x, gain, dx);
        Values.store(LayerNormLoops.inputGradient(dy, x, gain, epsilon), dx);
    }

    @Override
    public void layerNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.layerNormGainBackward(dy, x, dgain);
        Values.add(LayerNormLoops.gainGradient(dy, x, epsilon), dgain);
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
    public void geluBackward(Tensor dy, Tensor x, Into dx) {
        GradientRules.geluBackward(dy, x, dx);
        Values.store(ElementLoops.geluGradient(dy, x), dx);
    }

    @Override
    public void columnsBackward(Tensor dy, long from, Into dx) {
        GradientRules.columnsBackward(dy, from, dx);
        Values.store(MatmulLoops.columnsGradient(dy, from, dx.tensor().shape().last()), dx);
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
            Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients) {
        Shape rows = GradientRules.crossEntropyWithGradients(hidden, head, scoring, gradients);
        CrossEntropy result =
                new CrossEntropy(empty(Shape.of(1), sumType()), empty(rows, sumType()), empty(rows, DType.I32));
        HeadLoops loops = new HeadLoops(hidden, head);
        double[] dlogits = loops.crossEntropy(scoring, result);
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
