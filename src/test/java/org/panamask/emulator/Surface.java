package org.panamask.emulator;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// The symbols that the stand-in driver has beside those of CUDA; `native/emulator/surface.h` describes them.
final class Surface {
    private final SymbolLookup library;

    Surface() {
        library = SymbolLookup.libraryLookup(Emulator.folder().resolve("libcuda.so.1"), Arena.global());
    }

    private MethodHandle function(String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), type);
    }

    /// Calls a function with the C string `text` before the other arguments.
    Object call(String name, FunctionDescriptor type, String text, Object... others) {
        try (Arena arena = Arena.ofConfined()) {
            Object[] arguments = new Object[others.length + 1];
            arguments[0] = arena.allocateFrom(text);
            System.arraycopy(others, 0, arguments, 1, others.length);
            return call(name, type, arguments);
        }
    }

    Object call(String name, FunctionDescriptor type, Object... arguments) {
        try {
            return function(name, type).invokeWithArguments(arguments);
        } catch (Throwable failed) {
            throw new IllegalStateException(name + " failed: " + failed.getMessage(), failed);
        }
    }
}
