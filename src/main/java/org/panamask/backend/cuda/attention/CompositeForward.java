package org.panamask.backend.cuda.attention;

import java.util.Optional;
import org.panamask.ffi.cuda.CudnnOperation.Reduction;
import org.panamask.ffi.cuda.CudnnPointwise;
import org.panamask.ffi.cuda.CudnnType;

/// Attention as an operation graph that cuDNN knows to fuse: scores, softmax, and the product with the values.
///
/// @param graph the operations
/// @param q queries
/// @param kTurned keys with the last two axes exchanged
/// @param v values
/// @param bias what is added to scores
/// @param stats receives the logarithms of the sums of exponentials
/// @param o receives the result
/// @see <a href="https://github.com/NVIDIA/cudnn-frontend">cudnn-frontend,
///     node/scaled_dot_product_flash_attention.h, CompositeSDPANode</a>
public record CompositeForward(
        OperationGraph graph,
        GraphTensor q,
        GraphTensor kTurned,
        GraphTensor v,
        Optional<GraphTensor> bias,
        GraphTensor stats,
        GraphTensor o) {
    /// The graph for `shape`.
    public static CompositeForward of(CompositeShape shape) {
        OperationGraph.Builder graph = new OperationGraph.Builder();
        CudnnType type = shape.type();
        GraphTensor q = graph.memory(type, shape.queries(), shape.queryStrides());
        GraphTensor kTurned =
                graph.memory(type, CompositeShape.turned(shape.keyRows()), CompositeShape.turned(shape.keyStrides()));
        GraphTensor v = graph.memory(type, shape.keyRows(), shape.keyStrides());
        GraphTensor o = graph.memory(type, shape.queries(), shape.queryStrides());
        CompositeScores scores = CompositeScores.of(graph, shape, q, kTurned);
        GraphTensor largest =
                graph.reduce(Reduction.LARGEST, scores.hidden(), graph.inside(CudnnType.FLOAT, shape.numbers()));
        GraphTensor shifted = graph.apply(
                CudnnPointwise.SUBTRACT, scores.hidden(), largest, graph.inside(CudnnType.FLOAT, shape.scores()));
        GraphTensor exponentials =
                graph.apply(CudnnPointwise.EXPONENTIAL, shifted, graph.inside(CudnnType.FLOAT, shape.scores()));
        GraphTensor sum = graph.reduce(Reduction.SUM, exponentials, graph.inside(CudnnType.FLOAT, shape.numbers()));
        GraphTensor logarithm =
                graph.apply(CudnnPointwise.LOGARITHM, sum, graph.inside(CudnnType.FLOAT, shape.numbers()));
        GraphTensor stats = graph.memory(CudnnType.FLOAT, shape.numbers(), GraphTensor.dense(shape.numbers()));
        graph.apply(CudnnPointwise.ADD, largest, logarithm, stats);
        GraphTensor probabilities =
                graph.apply(CudnnPointwise.DIVIDE, exponentials, sum, graph.inside(type, shape.scores()));
        graph.product(probabilities, v, o);
        return new CompositeForward(graph.graph(), q, kTurned, v, scores.bias(), stats, o);
    }
}
