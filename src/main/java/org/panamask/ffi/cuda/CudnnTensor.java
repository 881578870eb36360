package org.panamask.ffi.cuda;

import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeObjects;

/// A tensor of an operation graph.
public final class CudnnTensor extends CudnnDescriptor {
    private static final int ALIGNMENT = 16;

    /// Where the elements of a tensor are.
    public enum Place {
        /// In memory that the caller gives when the graph runs.
        MEMORY,
        /// Between two operations of the graph only.
        INSIDE,
        /// One number on the host, given when the graph runs.
        HOST
    }

    /// What a tensor is.
    ///
    /// @param id names it among the tensors of its graph
    /// @param type of elements
    /// @param extents the outermost first
    /// @param strides in elements
    /// @param place where its elements are
    @SuppressWarnings("ArrayRecordComponent")
    public record Spec(long id, CudnnType type, long[] extents, long[] strides, Place place) {}

    /// Makes the tensor of `spec`.
    ///
    /// @throws CudnnException if cuDNN refuses it
    public CudnnTensor(Spec spec, NativeObjects objects) {
        super("tensor", Cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), objects);
        putCode(
                Cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE(),
                Cudnn.CUDNN_TYPE_DATA_TYPE(),
                spec.type().code());
        putLongs(Cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS(), spec.extents());
        putLongs(Cudnn.CUDNN_ATTR_TENSOR_STRIDES(), spec.strides());
        putLongs(Cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID(), spec.id());
        putLongs(Cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), ALIGNMENT);
        putFlag(Cudnn.CUDNN_ATTR_TENSOR_IS_VIRTUAL(), spec.place() == Place.INSIDE);
        putFlag(Cudnn.CUDNN_ATTR_TENSOR_IS_BY_VALUE(), spec.place() == Place.HOST);
        finish();
    }
}
