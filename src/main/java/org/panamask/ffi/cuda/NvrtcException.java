package org.panamask.ffi.cuda;

import java.io.Serial;
import org.panamask.ffi.NativeException;

/// A function of NVRTC that returned an error, with the compiler's log where it left one.
public final class NvrtcException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    NvrtcException(String call, String name, String meaning, int status) {
        super(call, name, meaning, status);
    }
}
