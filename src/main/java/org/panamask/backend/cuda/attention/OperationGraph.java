package org.panamask.backend.cuda.attention;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.ffi.cuda.CudnnOperation.Reduction;
import org.panamask.ffi.cuda.CudnnPointwise;
import org.panamask.ffi.cuda.CudnnTensor.Place;
import org.panamask.ffi.cuda.CudnnType;

/// Operations that cuDNN computes together, and the numbers of the host that they take.
///
/// @param nodes the operations, each after those whose results it reads
/// @param numbers of tensors on the host, by their id
public record OperationGraph(List<GraphNode> nodes, Map<Long, Float> numbers) {
    /// Copies the collections.
    public OperationGraph {
        nodes = List.copyOf(nodes);
        numbers = Map.copyOf(numbers);
    }

    /// Collects operations.
    static final class Builder {
        private final List<GraphNode> nodes = new ArrayList<>();
        private final Map<Long, Float> numbers = new LinkedHashMap<>();
        private long ids;

        GraphTensor memory(CudnnType type, List<Long> extents, List<Long> strides) {
            return new GraphTensor(++ids, type, extents, strides, Place.MEMORY);
        }

        GraphTensor inside(CudnnType type, List<Long> extents) {
            return inside(type, extents, GraphTensor.dense(extents));
        }

        GraphTensor inside(CudnnType type, List<Long> extents, List<Long> strides) {
            return new GraphTensor(++ids, type, extents, strides, Place.INSIDE);
        }

        GraphTensor number(float value) {
            List<Long> one = List.of(1L, 1L, 1L, 1L);
            GraphTensor tensor = new GraphTensor(++ids, CudnnType.FLOAT, one, one, Place.HOST);
            numbers.put(tensor.id(), value);
            return tensor;
        }

        GraphTensor product(GraphTensor a, GraphTensor b, GraphTensor c) {
            nodes.add(new GraphNode.Product(a, b, c));
            return c;
        }

        GraphTensor apply(CudnnPointwise mode, GraphTensor x, GraphTensor y) {
            nodes.add(new GraphNode.Pointwise(mode, x, Optional.empty(), Optional.empty(), y, 0));
            return y;
        }

        GraphTensor apply(CudnnPointwise mode, GraphTensor x, GraphTensor b, GraphTensor y) {
            nodes.add(new GraphNode.Pointwise(mode, x, Optional.of(b), Optional.empty(), y, 0));
            return y;
        }

        GraphTensor select(GraphTensor x, GraphTensor otherwise, GraphTensor where, GraphTensor y) {
            nodes.add(new GraphNode.Pointwise(
                    CudnnPointwise.SELECT, x, Optional.of(otherwise), Optional.of(where), y, 0));
            return y;
        }

        GraphTensor index(GraphTensor x, GraphTensor y, long axis) {
            nodes.add(new GraphNode.Pointwise(CudnnPointwise.INDEX, x, Optional.empty(), Optional.empty(), y, axis));
            return y;
        }

        GraphTensor reduce(Reduction mode, GraphTensor x, GraphTensor y) {
            nodes.add(new GraphNode.Reduction(mode, x, y));
            return y;
        }

        GraphTensor reshape(GraphTensor x, GraphTensor y) {
            nodes.add(new GraphNode.Reshape(x, y));
            return y;
        }

        OperationGraph graph() {
            return new OperationGraph(nodes, numbers);
        }
    }
}
