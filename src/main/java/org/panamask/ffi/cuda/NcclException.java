package org.panamask.ffi.cuda;

import java.io.Serial;
import org.panamask.ffi.NativeException;

/// A function of NCCL that returned an error, with what NCCL said last.
public final class NcclException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    NcclException(String call, String name, String meaning, int status) {
        super(call, name, meaning, status);
    }
}
