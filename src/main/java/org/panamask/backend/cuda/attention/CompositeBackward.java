package org.panamask.backend.cuda.attention;

import java.util.List;
import java.util.Optional;
import org.panamask.ffi.cuda.CudnnOperation.Reduction;
import org.panamask.ffi.cuda.CudnnPointwise;
import org.panamask.ffi.cuda.CudnnType;

/// The gradients of attention as an operation graph that cuDNN knows to fuse.
///
/// @param graph the operations
/// @param inputs what it reads
/// @param delta scratch memory, F32 `[B, H, rows, 1]`
/// @param sums scratch memory, F32 `[B, H, rows, d]`, cleared before; absent where one order of sums was asked for
/// @param dq receives the gradient of queries
/// @param dk receives the gradient of keys
/// @param dv receives the gradient of values
/// @see <a href="https://github.com/NVIDIA/cudnn-frontend">cudnn-frontend,
///     node/scaled_dot_product_flash_attention.h, CompositeSDPABackwardNode</a>
public record CompositeBackward(
        OperationGraph graph,
        Inputs inputs,
        GraphTensor delta,
        Optional<GraphTensor> sums,
        GraphTensor dq,
        GraphTensor dk,
        GraphTensor dv) {
    /// What the way back reads.
    ///
    /// @param q queries
    /// @param kTurned keys with the last two axes exchanged
    /// @param vTurned values with the last two axes exchanged
    /// @param bias what is added to scores
    /// @param stats the logarithms of the sums of exponentials
    /// @param o the result
    /// @param dout its gradient
    public record Inputs(
            GraphTensor q,
            GraphTensor kTurned,
            GraphTensor vTurned,
            Optional<GraphTensor> bias,
            GraphTensor stats,
            GraphTensor o,
            GraphTensor dout) {}

    /// The graph for `shape`.
    ///
    /// @param shape what is computed
    /// @param deterministic whether gradients of queries are summed in one order
    public static CompositeBackward of(CompositeShape shape, boolean deterministic) {
        return new Maker(shape).make(deterministic);
    }

    private static final class Maker {
        private final OperationGraph.Builder graph = new OperationGraph.Builder();
        private final CompositeShape shape;
        private final CudnnType type;

        Maker(CompositeShape shape) {
            this.shape = shape;
            this.type = shape.type();
        }

        CompositeBackward make(boolean deterministic) {
            GraphTensor q = queries();
            GraphTensor kTurned = keysTurned();
            GraphTensor vTurned = keysTurned();
            GraphTensor o = queries();
            GraphTensor dout = queries();
            GraphTensor stats = numbers();
            GraphTensor delta = delta(o, dout);
            CompositeScores scores = CompositeScores.of(graph, shape, q, kTurned);
            GraphTensor shifted = graph.apply(CudnnPointwise.SUBTRACT, scores.hidden(), stats, floats());
            GraphTensor probabilities = graph.apply(CudnnPointwise.EXPONENTIAL, shifted, floats());
            GraphTensor dv = keyGradient(probabilities, dout);
            GraphTensor dp = graph.product(dout, vTurned, floats());
            GraphTensor centred = graph.apply(CudnnPointwise.SUBTRACT, dp, delta, floats());
            GraphTensor weighed = graph.apply(CudnnPointwise.MULTIPLY, centred, probabilities, floats());
            GraphTensor ds =
                    graph.apply(CudnnPointwise.MULTIPLY, weighed, scores.scale(), graph.inside(type, shape.scores()));
            GraphTensor dk = keyGradient(ds, q);
            GraphTensor k = graph.reshape(kTurned, graph.inside(type, shape.keyRows(), shape.keyStrides()));
            GraphTensor dq = queries();
            Optional<GraphTensor> sums = Optional.empty();
            if (deterministic) {
                graph.product(ds, k, dq);
            } else {
                GraphTensor room = graph.memory(CudnnType.FLOAT, shape.queries(), GraphTensor.dense(shape.queries()));
                graph.apply(CudnnPointwise.IDENTITY, graph.product(ds, k, room), dq);
                sums = Optional.of(room);
            }
            Inputs inputs = new Inputs(q, kTurned, vTurned, scores.bias(), stats, o, dout);
            return new CompositeBackward(graph.graph(), inputs, delta, sums, dq, dk, dv);
        }

        private GraphTensor queries() {
            return graph.memory(type, shape.queries(), shape.queryStrides());
        }

        private GraphTensor keysTurned() {
            return graph.memory(
                    type, CompositeShape.turned(shape.keyRows()), CompositeShape.turned(shape.keyStrides()));
        }

        private GraphTensor numbers() {
            return graph.memory(CudnnType.FLOAT, shape.numbers(), GraphTensor.dense(shape.numbers()));
        }

        private GraphTensor floats() {
            return graph.inside(CudnnType.FLOAT, shape.scores());
        }

        /// The factor is 1 without dropout; cuDNN expects the product.
        private GraphTensor delta(GraphTensor o, GraphTensor dout) {
            GraphTensor products = graph.apply(
                    CudnnPointwise.MULTIPLY,
                    dout,
                    o,
                    graph.inside(CudnnType.FLOAT, shape.queries(), shape.queryStrides()));
            GraphTensor sum = graph.reduce(Reduction.SUM, products, graph.inside(CudnnType.FLOAT, shape.numbers()));
            return graph.apply(CudnnPointwise.MULTIPLY, sum, graph.number(1), numbers());
        }

        /// `scores^T rows`, summed over the heads of a group.
        private GraphTensor keyGradient(GraphTensor scores, GraphTensor rows) {
            List<Long> turned = CompositeShape.turned(shape.scores());
            List<Long> strides = CompositeShape.turned(GraphTensor.dense(shape.scores()));
            GraphTensor transposed = graph.reshape(scores, graph.inside(type, turned, strides));
            GraphTensor result = graph.memory(type, shape.keyRows(), shape.keyStrides());
            if (shape.heads() == shape.keyHeads()) {
                return graph.product(transposed, rows, result);
            }
            List<Long> each = List.of(shape.batch(), shape.heads(), shape.keys(), shape.width());
            return graph.reduce(Reduction.SUM, graph.product(transposed, rows, graph.inside(type, each)), result);
        }
    }
}
