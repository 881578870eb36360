package org.panamask.ffi.cuda;

import java.io.Serial;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeException;

/// A function of cuDNN that returned an error, such as `cudnnBackendFinalize of a plan failed:
/// CUDNN_STATUS_NOT_SUPPORTED, no engine for it (status 3000)`.
public final class CudnnException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final long TEXT_BYTES = 4096;
    private static final int GROUP = 1000;

    private CudnnException(String call, String name, String meaning, int status) {
        super(call, name, meaning, status);
    }

    /// Checks what `call` returned.
    ///
    /// @throws CudnnException if it is an error
    static void check(int status, String call) {
        if (status == Cudnn.CUDNN_STATUS_SUCCESS()) {
            return;
        }
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment text = frame.allocate(TEXT_BYTES);
            Cudnn.cudnnGetLastErrorString(text, TEXT_BYTES);
            String name =
                    Cudnn.cudnnGetErrorString(status).reinterpret(TEXT_BYTES).getString(0);
            String meaning = text.getString(0).strip();
            throw new CudnnException(call, name, meaning.isEmpty() ? "cuDNN says no more" : meaning, status);
        }
    }

    /// Whether cuDNN has nothing that computes what was asked for.
    public boolean isUnsupported() {
        return status() / GROUP == Cudnn.CUDNN_STATUS_NOT_SUPPORTED() / GROUP;
    }
}
