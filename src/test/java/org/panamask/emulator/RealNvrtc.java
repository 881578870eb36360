package org.panamask.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// NVIDIA's NVRTC beside the stand-in that the bindings of this process are linked with.
final class RealNvrtc implements KernelCompiler {
    private final SymbolLookup library;

    private RealNvrtc(Path file) {
        library = SymbolLookup.libraryLookup(file, Arena.global());
    }

    /// The library that `panamask.ptxas.nvrtc` names, with its built-in functions beside it, or that of the jar.
    static Optional<KernelCompiler> find(Path folder) throws IOException {
        String named = System.getProperty("panamask.ptxas.nvrtc", "");
        Optional<Path> file = named.isEmpty() ? NvrtcJar.unpack(folder) : Optional.of(Path.of(named));
        if (file.isEmpty() || !Files.exists(file.get())) {
            return Optional.empty();
        }
        for (Path builtins : builtins(file.get().toAbsolutePath().getParent())) {
            SymbolLookup.libraryLookup(builtins, Arena.global());
        }
        return Optional.of(new RealNvrtc(file.get()));
    }

    @Override
    public String name() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(JAVA_INT);
            MemorySegment minor = arena.allocate(JAVA_INT);
            call("nvrtcVersion", major, minor);
            return "NVRTC " + major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
        }
    }

    @Override
    public String assemble(String family, List<String> defines, String architecture) throws IOException {
        List<String> options =
                new ArrayList<>(List.of("--gpu-architecture=" + architecture, "--std=c++17", "--ptxas-options=-v"));
        defines.forEach(define -> options.add("-D" + define));
        List<Path> headers = KernelCompiler.headers();
        try (Arena arena = Arena.ofConfined()) {
            List<String> texts = new ArrayList<>();
            for (Path header : headers) {
                texts.add(Files.readString(header));
            }
            List<String> names = headers.stream()
                    .map(header -> header.getFileName().toString())
                    .toList();
            MemorySegment program = arena.allocate(ADDRESS);
            String source = Files.readString(Path.of("kernels", family + ".cu"));
            call(
                    "nvrtcCreateProgram",
                    program,
                    arena.allocateFrom(source),
                    arena.allocateFrom(family + ".cu"),
                    headers.size(),
                    strings(arena, texts),
                    strings(arena, names));
            MemorySegment handle = program.get(ADDRESS, 0);
            int status = call("nvrtcCompileProgram", handle, options.size(), strings(arena, options));
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            call("nvrtcGetProgramLogSize", handle, bytes);
            MemorySegment log = arena.allocate(bytes.get(JAVA_LONG, 0));
            call("nvrtcGetProgramLog", handle, log);
            call("nvrtcDestroyProgram", program);
            if (status != 0) {
                throw new IOException(family + " " + defines + " for " + architecture + ":\n" + log.getString(0));
            }
            return log.getString(0);
        }
    }

    private static MemorySegment strings(Arena arena, List<String> values) {
        MemorySegment array = arena.allocate(ADDRESS, values.size());
        for (int i = 0; i < values.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(values.get(i)));
        }
        return array;
    }

    private int call(String name, Object... arguments) {
        MemoryLayout[] layouts = Arrays.stream(arguments)
                .map(argument -> argument instanceof Integer ? (ValueLayout) JAVA_INT : ADDRESS)
                .toArray(MemoryLayout[]::new);
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable failed) {
            throw new IllegalStateException(name + " failed: " + failed.getMessage(), failed);
        }
    }

    private static List<Path> builtins(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("libnvrtc-builtins.so"))
                    .sorted()
                    .toList();
        }
    }
}
