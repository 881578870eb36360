package org.panamask.ffi.cuda;

import java.io.Serial;
import org.panamask.ffi.NativeException;

/// A function of a FlashAttention library that refused.
public final class FlashAttentionException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    FlashAttentionException(String call, String meaning) {
        super(call, "false", meaning, 0);
    }
}
