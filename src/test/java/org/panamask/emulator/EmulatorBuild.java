package org.panamask.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/// Compiles `native/emulator` into the stand-in libraries unless that has been done from the same sources.
///
/// Each part is one compilation of all its files together: that takes a third of the time of one by one.
final class EmulatorBuild {
    /// A library as `CudaLibrary` names it, the file it becomes, the parts in it, and the libraries it is linked
    /// with.
    record Library(String label, String file, List<String> parts, List<String> needs) {}

    /// A folder below `native/emulator`, and how far it is optimised.
    private record Part(String folder, String optimisation) {}

    static final List<Library> LIBRARIES = List.of(
            new Library("cuda", "libcuda.so.1", List.of("", "cuda"), List.of()),
            new Library("nvrtc", "libnvrtc.so.13", List.of("nvrtc"), List.of("libcuda.so.1")),
            new Library("cublaslt", "libcublasLt.so.13", List.of("cublaslt"), List.of("libcuda.so.1")),
            new Library("cublas", "libcublas.so.13", List.of("cublas"), List.of("libcublasLt.so.13", "libcuda.so.1")),
            new Library("nccl", "libnccl.so.2", List.of("nccl"), List.of("libcuda.so.1")),
            new Library("flashattn", "libflashattn.so", List.of("flashattn"), List.of("libcuda.so.1")));

    // The fibers, collectives and products run; the rest is called once in a while.
    private static final List<Part> PARTS = List.of(
            new Part("cuda", "-O1"),
            new Part("", "-O3"),
            new Part("cublaslt", "-O3"),
            new Part("nccl", "-O1"),
            new Part("flashattn", "-O1"),
            new Part("nvrtc", "-O1"),
            new Part("cublas", "-O1"));

    private final Path sources;
    private final Path kernels;
    private final Path folder;
    private final String compiler;

    EmulatorBuild(Path root, Path folder) {
        this.sources = root.resolve("native/emulator");
        this.kernels = root.resolve("kernels");
        this.folder = folder;
        this.compiler = compiler();
    }

    /// What is missing to build it, empty if nothing is.
    String missing() throws IOException {
        if (!Files.isDirectory(sources)) {
            return sources + " is not there";
        }
        String system = System.getProperty("os.name");
        if (!system.equals("Linux")) {
            return "it runs on Linux, not on " + system;
        }
        try {
            return run(folder.getParent(), List.of(compiler, "--version")).isEmpty() ? compiler + " is silent" : "";
        } catch (IOException _) {
            return "no C++ compiler: " + compiler + " cannot be run";
        }
    }

    /// Builds what is out of date.
    ///
    /// @return the folder of the libraries
    Path make() throws IOException {
        Files.createDirectories(folder);
        try (FileChannel lock =
                        FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var _ = lock.lock()) {
            Path mark = folder.resolve("made-from");
            String wanted = digest();
            if (!Files.exists(mark) || !Files.readString(mark).equals(wanted)) {
                Files.deleteIfExists(mark);
                deleteKernels();
                compile();
                for (Library library : LIBRARIES) {
                    link(library);
                }
                // The stand-in compiler looks for it beside itself.
                Files.copy(
                        sources.resolve("pmk_emu.h"), folder.resolve("pmk_emu.h"), StandardCopyOption.REPLACE_EXISTING);
                Files.writeString(mark, wanted);
            }
        }
        return folder;
    }

    private void compile() throws IOException {
        try (ExecutorService workers =
                Executors.newFixedThreadPool(Math.max(1, Runtime.getRuntime().availableProcessors()))) {
            List<Future<String>> compilations = PARTS.stream()
                    .map(part -> workers.submit(() -> run(folder, compilation(part))))
                    .toList();
            for (Future<String> compilation : compilations) {
                compilation.get();
            }
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause().getMessage(), failed);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while compiling the emulator");
        }
    }

    private List<String> compilation(Part part) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path file : files(sources.resolve(part.folder()), 1)) {
            if (file.toString().endsWith(".cpp")) {
                all.append("#include \"").append(file).append("\"\n");
            }
        }
        String name = object(part.folder());
        Path together = folder.resolve(name + ".cpp");
        Files.writeString(together, all);
        List<String> command = new ArrayList<>(flags());
        command.addAll(List.of(part.optimisation(), "-c", together.toString(), "-o", name));
        return command;
    }

    private List<String> flags() throws IOException {
        List<String> flags = new ArrayList<>(List.of(compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fPIC"));
        flags.addAll(List.of("-DPMK_EMU", "-I" + sources, "-I" + kernels));
        if (hasVectors()) {
            flags.add("-march=x86-64-v3");
        }
        return flags;
    }

    static String compiler() {
        return System.getenv().getOrDefault("CXX", "g++");
    }

    /// Whether this machine has the vector instructions of x86-64-v3.
    static boolean hasVectors() throws IOException {
        Path facts = Path.of("/proc/cpuinfo");
        String processor = Files.isReadable(facts) ? Files.readString(facts) : "";
        return processor.contains(" avx2 ") && processor.contains(" fma ");
    }

    private void link(Library library) throws IOException {
        List<String> command = new ArrayList<>(List.of(compiler, "-shared", "-Wl,-soname," + library.file()));
        command.add("-Wl,-rpath,$ORIGIN");
        library.parts().forEach(part -> command.add(object(part)));
        library.needs().forEach(needed -> command.add("./" + needed));
        command.addAll(List.of("-o", library.file(), "-ldl", "-lpthread", "-lrt"));
        run(folder, command);
    }

    private static String object(String part) {
        return (part.isEmpty() ? "scheduler" : part) + ".o";
    }

    /// Kernels that were compiled by another emulator.
    private void deleteKernels() throws IOException {
        Path cache = folder.resolve("cubin");
        if (Files.isDirectory(cache)) {
            for (Path file : files(cache, 1)) {
                Files.delete(file);
            }
        }
    }

    private String digest() throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(String.join(" ", flags()).getBytes(UTF_8));
            digest.update(run(folder, List.of(compiler, "--version")).getBytes(UTF_8));
            List<Path> all = new ArrayList<>(files(sources, 2));
            all.add(kernels.resolve("pmk.cuh"));
            for (Path file : all) {
                digest.update(file.toString().getBytes(UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static List<Path> files(Path folder, int depth) throws IOException {
        try (Stream<Path> entries = Files.walk(folder, depth)) {
            return entries.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /// What the command said; its output is the message if it fails.
    static String run(Path folder, List<String> command) throws IOException {
        Files.createDirectories(folder);
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " failed:\n" + output);
            }
            return output;
        } catch (InterruptedException _) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while running " + command.getFirst());
        }
    }
}
