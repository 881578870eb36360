package org.panamask.backend.cuda.attention;

import java.util.Optional;
import org.panamask.ffi.cuda.CudnnOperation;
import org.panamask.ffi.cuda.CudnnPointwise;

/// An operation of a graph.
public sealed interface GraphNode {
    /// `c = a b` of the last two axes; heads of `b` serve groups of heads of `a`.
    ///
    /// @param a the left operand
    /// @param b the right operand
    /// @param c the result
    record Product(GraphTensor a, GraphTensor b, GraphTensor c) implements GraphNode {}

    /// `y = mode(x, b, t)` of each element; an extent of 1 serves all.
    ///
    /// @param mode what is computed
    /// @param x the first operand
    /// @param b the second operand
    /// @param t the third operand
    /// @param y the result
    /// @param axis of [CudnnPointwise#INDEX]
    record Pointwise(
            CudnnPointwise mode,
            GraphTensor x,
            Optional<GraphTensor> b,
            Optional<GraphTensor> t,
            GraphTensor y,
            long axis)
            implements GraphNode {}

    /// Reduces `x` to `y`, along axes where `y` has fewer elements.
    ///
    /// @param mode what is computed
    /// @param x the operand
    /// @param y the result
    record Reduction(CudnnOperation.Reduction mode, GraphTensor x, GraphTensor y) implements GraphNode {}

    /// The memory of `x`, in the type of `y`, seen with the extents and strides of `y`.
    ///
    /// @param x the operand
    /// @param y the result
    record Reshape(GraphTensor x, GraphTensor y) implements GraphNode {}
}
