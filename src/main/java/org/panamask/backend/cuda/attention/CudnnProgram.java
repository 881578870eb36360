package org.panamask.backend.cuda.attention;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CudnnDescriptor;
import org.panamask.ffi.cuda.CudnnDevice;
import org.panamask.ffi.cuda.CudnnGraph;
import org.panamask.ffi.cuda.CudnnOperation;
import org.panamask.ffi.cuda.CudnnPlan;
import org.panamask.ffi.cuda.CudnnTensor;
import org.panamask.ffi.cuda.CudnnType;

/// An operation graph that cuDNN has planned.
public final class CudnnProgram implements AutoCloseable {
    private final List<CudnnDescriptor> parts = new ArrayList<>();
    private final Map<Long, CudnnTensor> tensors = new LinkedHashMap<>();
    private final NativeObjects objects;
    private final CudnnPlan plan;

    /// Plans `graph`.
    ///
    /// @param graph what is computed
    /// @param device where; empty means the device of the current context
    /// @param objects counts what is made
    /// @throws org.panamask.ffi.cuda.CudnnException if cuDNN has no engine for it
    public CudnnProgram(OperationGraph graph, Optional<CudnnDevice> device, NativeObjects objects) {
        this.objects = objects;
        try {
            List<CudnnOperation> operations = new ArrayList<>();
            for (GraphNode node : graph.nodes()) {
                CudnnOperation operation = operation(node);
                parts.add(operation);
                operations.add(operation);
            }
            CudnnGraph whole = new CudnnGraph(operations, objects);
            parts.add(whole);
            this.plan = CudnnPlan.of(whole, device, objects);
            parts.add(plan);
        } catch (RuntimeException refused) {
            close();
            throw refused;
        }
    }

    private CudnnOperation operation(GraphNode node) {
        return switch (node) {
            case GraphNode.Product(GraphTensor a, GraphTensor b, GraphTensor c) ->
                CudnnOperation.product(tensor(a), tensor(b), tensor(c), objects);
            case GraphNode.Pointwise pointwise ->
                CudnnOperation.pointwise(
                        pointwise.mode(),
                        type(pointwise),
                        new CudnnOperation.Operands(
                                tensor(pointwise.x()),
                                pointwise.b().map(this::tensor),
                                pointwise.t().map(this::tensor),
                                tensor(pointwise.y()),
                                pointwise.axis()),
                        objects);
            case GraphNode.Reduction(CudnnOperation.Reduction mode, GraphTensor x, GraphTensor y) ->
                CudnnOperation.reduction(mode, tensor(x), tensor(y), objects);
            case GraphNode.Reshape(GraphTensor x, GraphTensor y) ->
                CudnnOperation.reshape(tensor(x), tensor(y), objects);
        };
    }

    private static CudnnType type(GraphNode.Pointwise pointwise) {
        return switch (pointwise.mode()) {
            case INDEX -> CudnnType.INT32;
            case NOT_LESS -> CudnnType.BOOLEAN;
            case ADD, SUBTRACT, MULTIPLY, DIVIDE, EXPONENTIAL, LOGARITHM, IDENTITY, SELECT -> CudnnType.FLOAT;
        };
    }

    private CudnnTensor tensor(GraphTensor tensor) {
        CudnnTensor known = tensors.get(tensor.id());
        if (known == null) {
            known = new CudnnTensor(tensor.spec(), objects);
            tensors.put(tensor.id(), known);
            parts.add(known);
        }
        return known;
    }

    /// The plan.
    public CudnnPlan plan() {
        return plan;
    }

    @Override
    public void close() {
        parts.reversed().forEach(CudnnDescriptor::close);
        parts.clear();
    }
}
