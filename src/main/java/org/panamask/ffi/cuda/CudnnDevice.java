package org.panamask.ffi.cuda;

import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeObjects;

/// A device that is only described, so that plans for it can be made on a machine without it.
public final class CudnnDevice extends CudnnDescriptor {
    /// Describes a device by the JSON text that cuDNN reads.
    ///
    /// @throws CudnnException if cuDNN does not take the text
    public CudnnDevice(String json, NativeObjects objects) {
        super("device description", Cudnn.CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR(), objects);
        putText(Cudnn.CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION(), json);
        finish();
    }
}
