package org.panamask.ffi;

import java.io.Serial;

/// A native call that returned an error status, such as
/// `dnnl_matmul_primitive_desc_create failed: dnnl_unimplemented, no such functionality here (status 3)`.
public class NativeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;

    /// What a library said.
    ///
    /// @param call the function
    /// @param name the status by name
    /// @param meaning the status in words
    /// @param status the status
    protected NativeException(String call, String name, String meaning, int status) {
        super("%s failed: %s, %s (status %d)".formatted(call, name, meaning, status));
        this.status = status;
    }

    /// The status as the native library returned it.
    public final int status() {
        return status;
    }
}
