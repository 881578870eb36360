package org.panamask.tensor;

import java.util.List;
import java.util.Map;

/// Computes shapes, bytes and operations of a model without computing a number: memory estimates and tests at real
/// model sizes, without weights and without a device. It refuses what a backend refuses, in the same words.
///
/// Counted are tensors of the arena and of owners, and what a [MemoryModel] says that a backend takes besides: a chunk
/// of logits, a block of scores, packed weights. Multiplications and additions count one each.
public final class ShapeOps extends ShapeForward implements BackwardOps {
    private ShapeOps(DType dtype, MemoryModel model, boolean readable) {
        super(dtype, model, readable);
    }

    /// Shapes of activations of type `dtype`.
    ///
    /// @throws ShapeException if activations cannot have that type
    public static ShapeOps of(DType dtype) {
        return of(dtype, MemoryModel.PLAIN, false);
    }

    /// Shapes that go through code which reads results, such as a loss: every number read is 0. What a backend
    /// holds besides tensors is counted as `model` says.
    ///
    /// @throws ShapeException if activations cannot have the type `dtype`
    public static ShapeOps ofZeros(DType dtype, MemoryModel model) {
        return of(dtype, model, true);
    }

    private static ShapeOps of(DType dtype, MemoryModel model, boolean readable) {
        return switch (dtype) {
            case F64, F32, F16, BF16 -> new ShapeOps(dtype, model, readable);
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException("shapes: activations must be F64, F32, F16 or BF16, but got " + dtype);
        };
    }

    /// Floating-point operations by the name of the operation, in the order of first use.
    public Map<String, Long> flops() {
        return counts();
    }

    /// Ends a job: what it made in the arena is gone, what owners hold stays.
    public void endJob() {
        memory().endJob();
    }

    /// The most bytes held at once so far, by the arena and all owners.
    public long peakBytes() {
        return memory().peak();
    }

    /// The most bytes that both ends of the arena held at once so far.
    public long arenaPeakBytes() {
        return memory().arenaPeak();
    }

    /// The bytes of every owner that holds any.
    public Map<String, Long> ownerBytes() {
        return memory().owners();
    }

    /// An owner that counts what it would keep.
    public Owner owner(String name) {
        return memory().owner(name);
    }

    /// A weight that is nothing but a shape.
    ///
    /// @param owner made by [#owner]
    /// @param name the name in the checkpoint
    /// @param shape the extents
    /// @param stored its type in the checkpoint; a trainable weight takes [#sumType] instead, a frozen one what the
    ///     backend keeps it in
    /// @param trainable whether the optimizer will change it
    public Weight weight(Owner owner, String name, Shape shape, DType stored, boolean trainable) {
        ShapeMemory.ShapeOwner counting = counting(owner);
        return new ShapeWeight(
                name, trainable, counting, memory().make(counting, shape, trainable ? sumType() : frozen(stored)));
    }

    private static ShapeMemory.ShapeOwner counting(Owner owner) {
        if (owner instanceof ShapeMemory.ShapeOwner counting) {
            return counting;
        }
        throw new IllegalArgumentException(
                "shapes: owners come from ShapeOps.owner, but got " + owner.name() + " of another backend");
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
        return weight(owner, source.name(), source.shape(), source.dtype(), trainable);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType type) {
        return memory().make(counting(owner), shape, type);
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
        linear(w, dy.shape().extent(0), MemoryModel.Direction.BACKWARD);
        count("linearBackward", 2 * dy.count() * w.shape().last());
    }

    @Override
    public void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        GradientRules.linearWeightBackward(dy, x, dw);
        product(dy.shape().extent(0), dy.shape().last(), x.shape().last());
        count("linearWeightBackward", 2 * dy.count() * x.shape().last());
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        GradientRules.biasBackward(dy, dbias);
        summed(dy);
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
        summed(dy);
        count("rmsNormGainBackward", 5 * dy.count());
    }

    @Override
    public void layerNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        GradientRules.layerNormBackward(dy, x, gain, dx);
        count("layerNormBackward", 14 * dy.count());
    }

    @Override
    public void layerNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        GradientRules.layerNormGainBackward(dy, x, dgain);
        summed(dy);
        count("layerNormGainBackward", 8 * dy.count());
    }

    @Override
    public void rotateBackward(Tensor dy, Rotation rotation, Into dx) {
        GradientRules.rotateBackward(dy, rotation, dx);
        count("rotateBackward", 3 * dy.count());
    }

    @Override
    public void attentionBackward(Tensor dy, AttentionInputs inputs, Into dq, Into dk, Into dv) {
        GradientRules.attentionBackward(dy, inputs, dq, dk, dv);
        attended(inputs.q(), inputs.k(), inputs.mask(), true);
        Shape q = inputs.q().shape();
        count("attentionBackward", 10 * pairs(inputs.mask()) * q.extent(1) * q.last());
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        GradientRules.swiGluBackward(dy, gate, up, dgate, dup);
        count("swiGluBackward", 10 * dy.count());
    }

    @Override
    public void geluBackward(Tensor dy, Tensor x, Into dx) {
        GradientRules.geluBackward(dy, x, dx);
        count("geluBackward", 14 * dy.count());
    }

    @Override
    public void columnsBackward(Tensor dy, long from, Into dx) {
        GradientRules.columnsBackward(dy, from, dx);
        count("columnsBackward", dy.count());
    }

    @Override
    public void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        GradientRules.gatherRowsBackward(dy, rows, dx);
        count("gatherRowsBackward", dy.count());
    }

    @Override
    public CrossEntropy crossEntropyWithGradients(
            Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients) {
        GradientRules.crossEntropyWithGradients(hidden, head, scoring, gradients);
        CrossEntropy result = crossEntropy(hidden, head, scoring);
        head(hidden, head, true);
        long products = (long) gradients.hidden().size() + gradients.head().size();
        count("crossEntropyWithGradients", products * product(hidden, head));
        return result;
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
