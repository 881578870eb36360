package org.panamask.ffi.cuda;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeObjects;

/// An operation of a graph, in f32 unless said otherwise.
public final class CudnnOperation extends CudnnDescriptor {
    private final @Nullable Config config;

    private CudnnOperation(String kind, int type, NativeObjects objects, @Nullable Config config) {
        super(kind, type, objects);
        this.config = config;
    }

    /// How an operation computes.
    static final class Config extends CudnnDescriptor {
        Config(String kind, int type, NativeObjects objects) {
            super(kind, type, objects);
        }
    }

    /// What a reduction computes over the axes that its result lacks.
    public enum Reduction {
        /// The sum.
        SUM,
        /// The largest.
        LARGEST
    }

    /// `c = a b`, of the last two axes.
    public static CudnnOperation product(CudnnTensor a, CudnnTensor b, CudnnTensor c, NativeObjects objects) {
        Config config = new Config("matmul", Cudnn.CUDNN_BACKEND_MATMUL_DESCRIPTOR(), objects);
        config.putCode(Cudnn.CUDNN_ATTR_MATMUL_COMP_TYPE(), Cudnn.CUDNN_TYPE_DATA_TYPE(), CudnnType.FLOAT.code());
        config.finish();
        CudnnOperation operation = new CudnnOperation(
                "matmul operation", Cudnn.CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR(), objects, config);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_MATMUL_ADESC(), a);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_MATMUL_BDESC(), b);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_MATMUL_CDESC(), c);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_MATMUL_DESC(), config);
        operation.finish();
        return operation;
    }

    /// The operands of an element-wise operation.
    ///
    /// @param x the first
    /// @param b the second, where there is one
    /// @param t the third, where there is one
    /// @param y the result
    /// @param axis of [CudnnPointwise#INDEX]
    public record Operands(CudnnTensor x, Optional<CudnnTensor> b, Optional<CudnnTensor> t, CudnnTensor y, long axis) {}

    /// `y = mode(x, b, t)` of each element, computed in `type`.
    public static CudnnOperation pointwise(
            CudnnPointwise mode, CudnnType type, Operands operands, NativeObjects objects) {
        Config config = new Config("pointwise", Cudnn.CUDNN_BACKEND_POINTWISE_DESCRIPTOR(), objects);
        config.putCode(Cudnn.CUDNN_ATTR_POINTWISE_MODE(), Cudnn.CUDNN_TYPE_POINTWISE_MODE(), mode.code());
        config.putCode(Cudnn.CUDNN_ATTR_POINTWISE_MATH_PREC(), Cudnn.CUDNN_TYPE_DATA_TYPE(), type.code());
        if (mode == CudnnPointwise.INDEX) {
            config.putLongs(Cudnn.CUDNN_ATTR_POINTWISE_AXIS(), operands.axis());
        }
        config.finish();
        CudnnOperation operation = new CudnnOperation(
                "pointwise operation", Cudnn.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR(), objects, config);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR(), config);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), operands.x());
        operands.b().ifPresent(b -> operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_POINTWISE_BDESC(), b));
        operands.t().ifPresent(t -> operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_POINTWISE_TDESC(), t));
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_POINTWISE_YDESC(), operands.y());
        operation.finish();
        return operation;
    }

    /// Reduces `x` to `y`, along the axes where `y` has extent 1.
    public static CudnnOperation reduction(Reduction mode, CudnnTensor x, CudnnTensor y, NativeObjects objects) {
        Config config = new Config("reduction", Cudnn.CUDNN_BACKEND_REDUCTION_DESCRIPTOR(), objects);
        int code = switch (mode) {
            case SUM -> Cudnn.CUDNN_REDUCE_TENSOR_ADD();
            case LARGEST -> Cudnn.CUDNN_REDUCE_TENSOR_MAX();
        };
        config.putCode(Cudnn.CUDNN_ATTR_REDUCTION_OPERATOR(), Cudnn.CUDNN_TYPE_REDUCTION_OPERATOR_TYPE(), code);
        config.putCode(Cudnn.CUDNN_ATTR_REDUCTION_COMP_TYPE(), Cudnn.CUDNN_TYPE_DATA_TYPE(), CudnnType.FLOAT.code());
        config.finish();
        CudnnOperation operation = new CudnnOperation(
                "reduction operation", Cudnn.CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR(), objects, config);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_REDUCTION_XDESC(), x);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_REDUCTION_YDESC(), y);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_REDUCTION_DESC(), config);
        operation.finish();
        return operation;
    }

    /// The elements of `x` with the extents and strides of `y`.
    public static CudnnOperation reshape(CudnnTensor x, CudnnTensor y, NativeObjects objects) {
        CudnnOperation operation = new CudnnOperation(
                "reshape operation", Cudnn.CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR(), objects, null);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_RESHAPE_XDESC(), x);
        operation.putDescriptor(Cudnn.CUDNN_ATTR_OPERATION_RESHAPE_YDESC(), y);
        operation.finish();
        return operation;
    }

    @Override
    protected void closeParts() {
        if (config != null) {
            config.close();
        }
    }
}
