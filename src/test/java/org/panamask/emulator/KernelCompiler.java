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
    /// The registers of one kernel.
    ///
    /// @param stackBytes local memory of a thread, spilled registers among it
    /// @param spillBytes stores and loads of spilled registers
    record Usage(String kernel, String architecture, int registers, int stackBytes, int spillBytes) {}

    /// Its name and version.
    String name();

    /// What the assembler says of a family.
    ///
    /// @param defines the settings, `NAME=VALUE`
    String assemble(String family, List<String> defines, String architecture) throws IOException;

    /// nvcc on the path, else NVRTC in the file that the system property `panamask.ptxas.nvrtc` names or in a jar.
    static Optional<KernelCompiler> find(Path folder) throws IOException {
        Optional<KernelCompiler> nvcc = Nvcc.find(folder);
        return nvcc.isPresent() ? nvcc : RealNvrtc.find(folder);
    }

    /// The kernels of one compilation.
    default List<Usage> usage(String family, List<String> defines, String architecture) throws IOException {
        List<Usage> all = new ArrayList<>();
        Matcher matcher = Report.KERNEL.matcher(assemble(family, defines, architecture));
        while (matcher.find()) {
            int spills = Integer.parseInt(matcher.group(3)) + Integer.parseInt(matcher.group(4));
            int stack = Integer.parseInt(matcher.group(2));
            all.add(new Usage(matcher.group(1), architecture, Integer.parseInt(matcher.group(5)), stack, spills));
        }
        return all;
    }

    /// How the assembler writes.
    final class Report {
        private static final Pattern KERNEL = Pattern.compile(
                "Compiling entry function '(\\w+)'.*?(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes"
                        + " spill loads.*?Used (\\d+) registers",
                Pattern.DOTALL);

        private Report() {}
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

        /// What it said of the same texts before is kept beside it: it takes a second or more for each.
        @Override
        public String assemble(String family, List<String> defines, String architecture) throws IOException {
            StringBuilder known = new StringBuilder(name + defines + architecture);
            for (Path header : headers()) {
                known.append(Files.readString(header));
            }
            known.append(Files.readString(Path.of("kernels", family + ".cu")));
            Path kept = folder.resolve(family + "-" + NativeProgram.digest(known.toString()) + ".txt");
            if (!Files.exists(kept)) {
                Files.writeString(kept, compile(family, defines, architecture));
            }
            return Files.readString(kept);
        }

        private String compile(String family, List<String> defines, String architecture) throws IOException {
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
