package org.panamask.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A compiler of kernels for GPUs that this machine has, nvcc or NVRTC, and what its assembler says of their registers.
interface KernelCompiler {
    /// What one kernel takes.
    ///
    /// @param registers of a thread
    /// @param sharedBytes static shared memory of a block
    /// @param spillBytes stores and loads of spilled registers
    record Usage(String kernel, String architecture, int registers, int sharedBytes, int spillBytes) {}

    /// Its name and version.
    String name();

    /// What the assembler says of a family.
    ///
    /// @param defines the settings, `NAME=VALUE`
    String assemble(String family, List<String> defines, String architecture) throws IOException;

    /// NVRTC in the file that the system property `panamask.ptxas.nvrtc` names; without one nvcc on the path, else
    /// NVRTC in a jar. What it says is kept in `folder`.
    static Optional<KernelCompiler> find(Path folder) throws IOException {
        boolean named = !System.getProperty("panamask.ptxas.nvrtc", "").isEmpty();
        Optional<KernelCompiler> nvcc = named ? Optional.empty() : Nvcc.find(folder);
        Optional<KernelCompiler> found = nvcc.isPresent() ? nvcc : RealNvrtc.find(folder);
        return found.map(compiler -> new Kept(compiler, folder));
    }

    /// The kernels of one compilation.
    default List<Usage> usage(String family, List<String> defines, String architecture) throws IOException {
        List<Usage> all = new ArrayList<>();
        Matcher matcher = Report.KERNEL.matcher(assemble(family, defines, architecture));
        while (matcher.find()) {
            int spills = Integer.parseInt(matcher.group(2)) + Integer.parseInt(matcher.group(3));
            int registers = Integer.parseInt(matcher.group(4));
            int shared = matcher.group(5) == null ? 0 : Integer.parseInt(matcher.group(5));
            all.add(new Usage(matcher.group(1), architecture, registers, shared, spills));
        }
        return all;
    }

    /// How the assembler writes.
    final class Report {
        private static final Pattern KERNEL = Pattern.compile(
                "Compiling entry function '(\\w+)'.*?(\\d+) bytes spill stores, (\\d+) bytes spill loads.*?Used (\\d+)"
                        + " registers(?:, used \\d+ barriers)?(?:, (\\d+) bytes smem)?",
                Pattern.DOTALL);

        private Report() {}
    }

    /// A compiler that is asked once about the same texts: it takes a second or more for each.
    record Kept(KernelCompiler compiler, Path folder) implements KernelCompiler {
        @Override
        public String name() {
            return compiler.name();
        }

        @Override
        public String assemble(String family, List<String> defines, String architecture) throws IOException {
            StringBuilder known = new StringBuilder(name() + defines + architecture);
            for (Path header : headers()) {
                known.append(Files.readString(header));
            }
            known.append(Files.readString(Path.of("kernels", family + ".cu")));
            Path kept = folder.resolve(family + "-" + NativeProgram.digest(known.toString()) + ".txt");
            if (!Files.exists(kept)) {
                Files.writeString(kept, compiler.assemble(family, defines, architecture));
            }
            return Files.readString(kept);
        }
    }

    /// The compiler of the toolkit.
    record Nvcc(Path folder, String name) implements KernelCompiler {
        static Optional<KernelCompiler> find(Path folder) {
            try {
                String version = EmulatorBuild.run(folder, List.of("nvcc", "--version"));
                Matcher release = Pattern.compile("release ([\\d.]+)").matcher(version);
                return Optional.of(new Nvcc(folder, "nvcc " + (release.find() ? release.group(1) : "")));
            } catch (IOException _) {
                return Optional.empty();
            }
        }

        @Override
        public String assemble(String family, List<String> defines, String architecture) throws IOException {
            List<String> command = new ArrayList<>(List.of("nvcc", "-cubin", "-arch=" + architecture, "-std=c++17"));
            command.addAll(List.of("-Xptxas", "-v", "-o", "/dev/null"));
            defines.forEach(define -> command.add("-D" + define));
            command.add(Path.of("kernels", family + ".cu").toAbsolutePath().toString());
            return EmulatorBuild.run(folder, command);
        }
    }

    /// The texts of all headers of `kernels/`.
    static List<Path> headers() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("kernels"))) {
            return files.filter(file -> file.toString().endsWith(".cuh"))
                    .sorted()
                    .toList();
        }
    }
}
