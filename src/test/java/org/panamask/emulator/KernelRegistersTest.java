package org.panamask.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.panamask.emulator.KernelCompiler.Usage;
import org.panamask.emulator.KernelReport.Measured;

/// Every kernel must compile for every architecture without spilling a register, and keep below its ceiling.
class KernelRegistersTest {
    private KernelCompiler compiler;

    @BeforeEach
    void findCompiler() throws IOException {
        Optional<KernelCompiler> found = KernelCompiler.find(Files.createDirectories(Path.of("target/ptxas")));
        Assumptions.assumeTrue(found.isPresent(), "neither nvcc nor NVRTC is installed");
        compiler = found.get();
    }

    @Test
    void theWidestSpecialisationsOfOneTypeFitOneArchitecture() throws Exception {
        List<Measured> all = measure(List.of("sm_89"), true);

        assertThat(all).isNotEmpty();
        assertThat(problems(all, false)).isEmpty();
    }

    @Test
    @Tag("ptxas")
    void everySpecialisationFitsEveryArchitecture() throws Exception {
        List<Measured> all = measure(KernelReport.ARCHITECTURES, false);
        KernelReport report = new KernelReport(all);
        Files.writeString(
                Path.of("target/ptxas.md"),
                "By " + compiler.name() + ".\n\n" + report.families() + "\n" + report.kernels());

        assertThat(problems(all, true)).isEmpty();
    }

    /// What does not fit. A kernel without a ceiling is told of only if the table is to be `complete`.
    private static List<String> problems(List<Measured> all, boolean complete) throws IOException {
        KernelTable table = KernelTable.read();
        List<String> problems = new ArrayList<>();
        for (Measured measured : all) {
            Usage usage = measured.usage();
            String kernel = usage.kernel() + " for " + usage.architecture() + " with " + measured.defines();
            Integer ceiling = table.families().get(measured.family()).ceilings().get(usage.kernel());
            if (usage.spillBytes() > 0) {
                problems.add(kernel + " spills " + usage.spillBytes() + " bytes");
            }
            if (ceiling == null ? complete : usage.registers() > ceiling) {
                problems.add(kernel + " takes " + usage.registers() + " registers; its ceiling is " + ceiling);
            }
        }
        return problems;
    }

    private List<Measured> measure(List<String> architectures, boolean quick) throws Exception {
        List<Callable<List<Measured>>> compilations = new ArrayList<>();
        Set<String> sources = sources();
        for (KernelTable.Family family : KernelTable.read().families().values()) {
            if (!sources.contains(family.name())) {
                continue;
            }
            for (List<String> defines : family.compilations(quick)) {
                for (String architecture : architectures) {
                    compilations.add(() -> compiler.usage(family.name(), defines, architecture).stream()
                            .map(usage -> new Measured(family.name(), defines, usage))
                            .toList());
                }
            }
        }
        List<Measured> all = new ArrayList<>();
        int threads = Runtime.getRuntime().availableProcessors();
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            for (Future<List<Measured>> compilation : workers.invokeAll(compilations)) {
                all.addAll(compilation.get());
            }
        }
        return all;
    }

    private static Set<String> sources() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("kernels"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".cu"))
                    .map(name -> name.substring(0, name.length() - ".cu".length()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
