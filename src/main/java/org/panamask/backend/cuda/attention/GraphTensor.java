package org.panamask.backend.cuda.attention;

import java.util.List;
import org.panamask.ffi.cuda.CudnnTensor;
import org.panamask.ffi.cuda.CudnnTensor.Place;
import org.panamask.ffi.cuda.CudnnType;

/// A tensor of an operation graph.
///
/// @param id names it among the tensors of its graph
/// @param type of elements
/// @param extents the outermost first
/// @param strides in elements
/// @param place where its elements are
public record GraphTensor(long id, CudnnType type, List<Long> extents, List<Long> strides, Place place) {
    /// Copies the lists.
    public GraphTensor {
        extents = List.copyOf(extents);
        strides = List.copyOf(strides);
    }

    /// What cuDNN is told.
    CudnnTensor.Spec spec() {
        return new CudnnTensor.Spec(
                id,
                type,
                extents.stream().mapToLong(Long::longValue).toArray(),
                strides.stream().mapToLong(Long::longValue).toArray(),
                place);
    }

    /// The strides of rows that lie one after another.
    static List<Long> dense(List<Long> extents) {
        Long[] strides = new Long[extents.size()];
        long stride = 1;
        for (int i = extents.size() - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= extents.get(i);
        }
        return List.of(strides);
    }
}
