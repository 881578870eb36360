package org.panamask.backend.cuda.attention;

import java.util.Optional;
import org.panamask.ffi.cuda.CudnnPointwise;
import org.panamask.ffi.cuda.CudnnType;

/// The scores of both directions: `q k^T * scale`, hidden as the mask says.
///
/// @param hidden the scores
/// @param bias what was added to them
/// @param scale the factor
record CompositeScores(GraphTensor hidden, Optional<GraphTensor> bias, GraphTensor scale) {
    static CompositeScores of(OperationGraph.Builder graph, CompositeShape shape, GraphTensor q, GraphTensor kTurned) {
        GraphTensor scale = graph.number(shape.scale());
        GraphTensor plain = graph.product(q, kTurned, graph.inside(CudnnType.FLOAT, shape.scores()));
        GraphTensor scaled =
                graph.apply(CudnnPointwise.MULTIPLY, plain, scale, graph.inside(CudnnType.FLOAT, shape.scores()));
        return switch (shape.mask()) {
            case NONE -> new CompositeScores(scaled, Optional.empty(), scale);
            case LATER -> new CompositeScores(later(graph, shape, scaled), Optional.empty(), scale);
            case BIAS, BIAS_OF_EACH -> {
                GraphTensor bias = graph.memory(shape.type(), shape.bias(), GraphTensor.dense(shape.bias()));
                GraphTensor hidden =
                        graph.apply(CudnnPointwise.ADD, scaled, bias, graph.inside(CudnnType.FLOAT, shape.scores()));
                yield new CompositeScores(hidden, Optional.of(bias), scale);
            }
        };
    }

    private static GraphTensor later(OperationGraph.Builder graph, CompositeShape shape, GraphTensor scaled) {
        GraphTensor row = graph.index(scaled, graph.inside(CudnnType.INT32, shape.scores()), 2);
        GraphTensor key = graph.index(scaled, graph.inside(CudnnType.INT32, shape.scores()), 3);
        GraphTensor seen =
                graph.apply(CudnnPointwise.NOT_LESS, row, key, graph.inside(CudnnType.BOOLEAN, shape.scores()));
        return graph.select(
                scaled, graph.number(Float.NEGATIVE_INFINITY), seen, graph.inside(CudnnType.FLOAT, shape.scores()));
    }
}
