package org.panamask.ffi.cuda;

import java.util.List;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeObjects;

/// Operations that are computed together.
public final class CudnnGraph extends CudnnDescriptor {
    /// Joins `operations`, which stay the caller's.
    ///
    /// @throws CudnnException if they do not fit together
    public CudnnGraph(List<CudnnOperation> operations, NativeObjects objects) {
        super("operation graph", Cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR(), objects);
        putDescriptors(Cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS(), operations);
        finish();
    }
}
