package org.panamask.tensor;

import java.util.Map;

/// What a backend holds besides the tensors that operations are given and give: other forms of weights, and scratch
/// memory while an operation runs. [ShapeOps] asks it, so that an estimate is that of the backend that will run.
public interface MemoryModel {
    /// A device that keeps each weight once and needs no scratch memory.
    MemoryModel PLAIN = new MemoryModel() {};

    /// Which way a weight is multiplied.
    enum Direction {
        /// `x w^T`.
        FORWARD,
        /// `dy w`.
        BACKWARD
    }

    /// Bytes that the backend keeps as long as it runs, by their line in its ledger.
    default Map<String, Long> kept() {
        return Map.of();
    }

    /// Tensors of a job start at multiples of this many bytes.
    default long alignment() {
        return 64;
    }

    /// The type in which a frozen weight is kept that is stored as `stored`, in a job whose activations are
    /// `dtype`.
    default DType frozen(DType stored, DType dtype) {
        return dtype;
    }

    /// Whether products with `weight`, but for a head's, are of 8-bit floats.
    default boolean roundsToEightBits(Weight weight) {
        return false;
    }

    /// Bytes of the forms in 8 bits in which the owner of `weight` keeps it once it has been multiplied.
    default long eightBitForm(Weight weight) {
        return 0;
    }

    /// Bytes while a product in 8 bits runs; see [#product].
    default long eightBitProduct(long rows, long in, long out, DType dtype) {
        return 0;
    }

    /// See [Ops#roundRows].
    default int roundRows(int wanted, int all) {
        return wanted;
    }

    /// Bytes of the further form in which the owner of `weight`, `[out, in]`, keeps it once it has been multiplied
    /// with activations of type `dtype` in `direction`.
    ///
    /// @param weight the matrix
    /// @param dtype the type of activations
    /// @param direction the first product of this direction
    default long form(Weight weight, DType dtype, Direction direction) {
        return 0;
    }

    /// Bytes while the head `[V, D]` is applied to `rows` rows of `dtype`.
    ///
    /// @param head the head
    /// @param rows hidden states
    /// @param dtype the type of activations
    /// @param gradients whether gradients of the hidden states or of the head are formed
    default long head(Shape head, long rows, DType dtype, boolean gradients) {
        return 0;
    }

    /// Bytes that attention keeps beside its result, for the way back.
    ///
    /// @param q `[R, H, d]`
    /// @param mask what each query row sees
    default long attentionResult(Tensor q, KeyIntervals mask) {
        return 0;
    }

    /// Bytes while attention is computed, or its gradients.
    ///
    /// @param q `[R, H, d]`
    /// @param k `[B * T, K, d]`
    /// @param mask what each query row sees
    /// @param gradients whether it is the way back
    default long attention(Tensor q, Tensor k, KeyIntervals mask, boolean gradients) {
        return 0;
    }

    /// Bytes of the arena that all dropouts of a step share, made anew where a scope has ended.
    default long dropoutSeed() {
        return 0;
    }

    /// Bytes while the gradient of a bias, or of a norm's gain, of `width` numbers is summed over `rows` rows.
    default long sumOverRows(long rows, long width) {
        return 0;
    }

    /// Bytes while a product with a matrix runs.
    ///
    /// @param rows of the left operand
    /// @param in columns of the left operand
    /// @param out columns of the result
    /// @param dtype the type of activations
    default long product(long rows, long in, long out, DType dtype) {
        return 0;
    }
}
