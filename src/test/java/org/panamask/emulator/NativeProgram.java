package org.panamask.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A C++ program of `native/tests`, of kernels and the scheduler without the driver. What was compiled from the same
/// text with the same flags before is not compiled again.
final class NativeProgram {
    /// How a program ended, and what it said.
    record Outcome(int status, String output) {
        boolean ok() {
            return status == 0;
        }
    }

    /// One object file to be made.
    interface Compilation {
        Path object() throws IOException;
    }

    private static final int SECONDS = 120;

    private final Path root = Path.of("").toAbsolutePath();
    private final Path folder;
    private final List<String> flags;

    /// @param flags what the compiler is given besides the language and the folders of headers
    NativeProgram(Path emulator, List<String> flags) throws IOException {
        this.folder = Files.createDirectories(emulator.resolve("tests"));
        this.flags = new ArrayList<>(List.of("-std=c++17", "-Wall", "-Wextra", "-DPMK_EMU", "-g1"));
        this.flags.addAll(flags);
        if (EmulatorBuild.hasVectors()) {
            this.flags.add("-march=x86-64-v3");
        }
        for (String headers : List.of("native/emulator", "kernels", "native/tests", "native/tests/libraries")) {
            this.flags.add("-I" + root.resolve(headers));
        }
    }

    /// The scheduler, as one object file.
    Path scheduler() throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path file : list("native/emulator", ".cpp")) {
            all.append(Files.readString(file)
                            .replaceAll("(?m)^#include \"(?!pmk)", "#include \"" + file.getParent() + "/"))
                    .append('\n');
        }
        return object("scheduler", all.toString(), ".cpp");
    }

    /// A test or its support, as an object file.
    Path test(String name) throws IOException {
        return source("native/tests/" + name + ".cpp");
    }

    /// A file of this repository, as an object file.
    Path source(String file) throws IOException {
        return object(file, Files.readString(root.resolve(file)), ".cpp");
    }

    /// A kernel of some text, as an object file.
    Path kernel(String name, String text) throws IOException {
        return object(name, text, ".cu");
    }

    /// Every kernel of the tests and those of the products whose names are given.
    List<Compilation> kernels(String... others) throws IOException {
        List<Compilation> kernels = new ArrayList<>();
        for (Path file : list("native/tests/kernels", ".cu")) {
            kernels.add(() -> kernel(file.getFileName().toString(), Files.readString(file)));
        }
        for (String other : others) {
            kernels.add(
                    () -> kernel(other, Files.readString(root.resolve("kernels").resolve(other))));
        }
        return kernels;
    }

    /// Compiles on every processor.
    static List<Path> all(List<Compilation> compilations) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        List<Path> objects = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<Path>> underWay = compilations.stream()
                    .map(compilation -> workers.submit(compilation::object))
                    .toList();
            for (Future<Path> one : underWay) {
                objects.add(one.get());
            }
            return objects;
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause().getMessage(), failed);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while compiling");
        }
    }

    Path link(String name, List<Path> objects) throws IOException {
        Path program = folder.resolve(name + "-" + HexFormat.of().toHexDigits(flags.hashCode()));
        List<String> command = new ArrayList<>(List.of(EmulatorBuild.compiler()));
        command.addAll(flags);
        objects.forEach(object -> command.add(object.toString()));
        command.addAll(List.of("-o", program.toString(), "-lpthread"));
        EmulatorBuild.run(folder, command);
        return program;
    }

    Outcome run(Path program, int seed, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, "output", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("PMK_EMU_SEED", Integer.toString(seed));
        Process process = builder.start();
        try {
            int status = process.waitFor(SECONDS, TimeUnit.SECONDS) ? process.exitValue() : -1;
            return new Outcome(status, Files.readString(output));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while running " + program);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }

    private Path object(String name, String text, String ending) throws IOException {
        StringBuilder known = new StringBuilder(text).append(flags);
        for (Path header : list("native", ".h")) {
            known.append(Files.readString(header));
        }
        known.append(Files.readString(root.resolve("kernels/pmk.cuh")));
        // Their texts are part of the attention library.
        for (Path kernel : text.contains(".incbin") ? list("kernels", "") : List.<Path>of()) {
            known.append(Files.readString(kernel));
        }
        String stem = name.replaceAll("\\W", "_") + "-" + digest(known.toString());
        Path object = folder.resolve(stem + ".o");
        if (!Files.exists(object)) {
            Path source = folder.resolve(stem + ending);
            Files.writeString(source, text);
            Path unfinished = folder.resolve(stem + ".part");
            List<String> command = new ArrayList<>(List.of(EmulatorBuild.compiler()));
            command.addAll(flags);
            command.addAll(List.of("-x", "c++", "-c", source.toString(), "-o", unfinished.toString()));
            EmulatorBuild.run(folder, command);
            Files.move(unfinished, object);
        }
        return object;
    }

    private List<Path> list(String below, String ending) throws IOException {
        int depth = below.equals("native") ? 3 : 1;
        try (Stream<Path> entries = Files.walk(root.resolve(below), depth)) {
            return entries.filter(
                            file -> Files.isRegularFile(file) && file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    /// A short name for a text.
    static String digest(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
