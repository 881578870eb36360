package org.panamask.emulator;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// The symbols that the stand-in driver has beside those of CUDA; `native/emulator/surface.h` describes them.
final class Surface {
    /// Linking takes longer than most calls.
    private static final ConcurrentMap<Symbol, MethodHandle> LINKED = new ConcurrentHashMap<>();

    private final Path library;

    Surface() {
        library = Emulator.folder().resolve("libcuda.so.1");
    }

    private record Symbol(Path library, String name, FunctionDescriptor type) {
        MethodHandle link() {
            return Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(name), type);
        }
    }

    private MethodHandle function(String name, FunctionDescriptor type) {
        return LINKED.computeIfAbsent(new Symbol(library, name, type), Symbol::link);
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
