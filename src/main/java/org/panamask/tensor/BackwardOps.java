package org.panamask.tensor;

import java.util.List;
import java.util.Optional;

/// What a backend offers beyond [Ops]: the way back of every operation, the optimizer's arithmetic, and making things
/// that outlive a job. Gradients of activations go [Into] a tensor; gradients of weights are added to accumulators of
/// the weight's shape and of [Ops#sumType].
public interface BackwardOps extends Ops {
    /// The memory of the running job.
    JobArena arena();

    /// A tensor of the arena with undefined contents.
    Tensor empty(Shape shape, DType dtype);

    /// Makes a weight from numbers on the host.
    ///
    /// @param owner keeps its memory
    /// @param source the values, of any float type
    /// @param trainable whether the optimizer will change it; the values are then kept as [Ops#sumType]
    Weight weight(Owner owner, HostTensor source, boolean trainable);

    /// Copies elements, converting between float types where they differ.
    void copy(Tensor from, Tensor to);

    /// Sets every element to zero.
    void clear(Tensor tensor);

    /// `into += x` or `into = x`, of any float types.
    void accumulate(Tensor x, Into into);

    /// Adds rows of `dy` `[N, D]` to the rows `ids` `[N]` of `table` `[V, D]`.
    void embeddingBackward(Tensor dy, Tensor ids, Tensor table);

    /// `dx = scale * dy w`: the input gradient of [Ops#linear] and [Ops#addLinear].
    void linearBackward(Tensor dy, Weight w, float scale, Into dx);

    /// `dw += scale * dy^T x`.
    void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw);

    /// `dbias += sum over rows of dy`.
    void biasBackward(Tensor dy, Tensor dbias);

    /// `dx = dropout(dy)` with the same key.
    void dropoutBackward(Tensor dy, DropoutKey key, Into dx);

    /// The input gradient of [Ops#rmsNorm].
    void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx);

    /// The gain gradient of [Ops#rmsNorm], added to `dgain` `[D]`.
    void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain);

    /// The input gradient of [Ops#layerNorm].
    void layerNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx);

    /// The gain gradient of [Ops#layerNorm], added to `dgain` `[D]`; that of its bias is [#biasBackward].
    void layerNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain);

    /// Rotates back: the input gradient of [Ops#rotate].
    void rotateBackward(Tensor dy, Rotation rotation, Into dx);

    /// The gradients of [Ops#attention]; scores are computed again, a block of query rows at a time.
    void attentionBackward(Tensor dy, AttentionInputs inputs, Into dq, Into dk, Into dv);

    /// What [Ops#attention] was called with.
    ///
    /// @param q `[R, H, d]`
    /// @param k `[B * T, K, d]`
    /// @param v `[B * T, K, d]`
    /// @param mask what each query row sees
    /// @param dropout what was dropped
    record AttentionInputs(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        /// Inputs of attention without dropout.
        public AttentionInputs(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
            this(q, k, v, mask, Optional.empty());
        }
    }

    /// The gradients of [Ops#swiGlu].
    void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup);

    /// The gradient of [Ops#gelu].
    void geluBackward(Tensor dy, Tensor x, Into dx);

    /// Adds `dy` `[N, count]` to the columns from `from` on of `dx` `[N, D]`; without [Into#add] the other columns
    /// become zero.
    void columnsBackward(Tensor dy, long from, Into dx);

    /// Adds rows of `dy` `[R, D]` to the rows `rows` of `dx` `[N, D]`; without [Into#add] the other rows become
    /// zero.
    void gatherRowsBackward(Tensor dy, Tensor rows, Into dx);

    /// [Ops#crossEntropy] that also forms the gradients of its loss while a chunk's logits are at hand, which costs
    /// no second product with the head.
    ///
    /// @param hidden `[R, D]`
    /// @param head `[V, D]`
    /// @param scoring targets and weights
    /// @param gradients where they go
    CrossEntropy crossEntropyWithGradients(
            Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients);

    /// Where [#crossEntropyWithGradients] puts what it forms; an empty list asks for nothing.
    ///
    /// @param hidden at most one tensor `[R, D]`, replaced
    /// @param head at most one accumulator `[V, D]`, added to
    record CrossEntropyGradients(List<Tensor> hidden, List<Tensor> head) {}

    /// The sum of the squares of all elements of all tensors, `[1]` F64.
    Tensor sumOfSquares(List<Tensor> tensors);

    /// One AdamW update of a trainable weight, in place; [Weight#changed] is called.
    ///
    /// @param w the weight
    /// @param gradient of the weight's shape
    /// @param mean running mean of gradients, updated
    /// @param meanSquare running mean of squares, updated
    /// @param step the numbers
    void adamW(Weight w, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step);
}
