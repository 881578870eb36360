package org.panamask.ffi;

import java.io.Serial;

/// Java was started without the right to call native code.
public final class NativeAccessException extends IllegalStateException {
    @Serial
    private static final long serialVersionUID = 1L;

    NativeAccessException(IllegalCallerException cause) {
        super(
                "native access is not enabled for org.panamask; start java with --enable-native-access="
                        + caller(NativeAccessException.class.getModule()),
                cause);
    }

    /// What the flag calls this code: its module, or everything on the class path.
    private static String caller(Module module) {
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}
