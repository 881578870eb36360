package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JUnit tests as steps.
final class Tests {
    /// What kernels take for granted.
    static final List<String> DIALECT =
            List.of("org.panamask.backend.cuda.FragmentTest", "org.panamask.backend.cuda.KernelNumbersTest");
    /// Every contract, gradient and device test.
    static final List<String> ALL = List.of(
            "org\\.panamask\\.backend\\.[A-Z]\\w*Test",
            "org\\.panamask\\.backend\\.cuda\\..*Test",
            "org\\.panamask\\.ffi\\.cuda\\..*Test",
            "org\\.panamask\\.autograd\\..*Test");
    /// A little of everything, for tools that slow the device down a hundred times.
    static final List<String> SUBSET = List.of(
            "org.panamask.backend.cuda.FragmentTest",
            "org.panamask.backend.LayerContractTest",
            "org.panamask.backend.HeadContractTest");

    private static final List<Path> SANITIZERS =
            List.of(Path.of("/usr/local/cuda/bin/compute-sanitizer"), Path.of("/opt/cuda/bin/compute-sanitizer"));

    private Tests() {}

    /// The classes that match `patterns`.
    static Step.Work of(List<String> patterns) {
        return (kit, step) -> run(kit, step, List.of(), patterns);
    }

    /// A subset of the classes under one of the sanitizer's tools.
    static Step.Work sanitized(String tool) {
        return (kit, step) -> {
            Optional<Path> sanitizer = sanitizer();
            if (sanitizer.isEmpty()) {
                return Outcome.skipped("compute-sanitizer is not on this machine");
            }
            List<String> command = List.of(
                    sanitizer.get().toString(), "--tool", tool, "--target-processes", "all", "--error-exitcode", "99");
            Outcome outcome = run(kit, step, command, SUBSET);
            String errors = Child.lastLineWith(kit.log(step.name()), "ERROR SUMMARY");
            return new Outcome(
                    outcome.verdict(), errors.isEmpty() ? outcome.summary() : errors + "; " + outcome.summary());
        };
    }

    private static Optional<Path> sanitizer() {
        List<Path> places = new ArrayList<>();
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
                .filter(folder -> !folder.isEmpty())
                .forEach(folder -> places.add(Path.of(folder, "compute-sanitizer")));
        places.addAll(SANITIZERS);
        return places.stream().filter(Files::isExecutable).findFirst();
    }

    private static Outcome run(KitFolder kit, Step step, List<String> under, List<String> patterns)
            throws IOException, InterruptedException {
        Path numbers = kit.numbers(step.name());
        List<String> arguments = new ArrayList<>(List.of(numbers.toString()));
        arguments.addAll(patterns);
        List<String> command = new ArrayList<>(under);
        command.addAll(kit.java(TestRun.class.getName(), arguments));
        Child child = Child.run(command, kit.log(step.name()), step.limit());
        if (!Files.exists(numbers)) {
            return child.ended() ? step.late() : Outcome.of(false, "exit " + child.exit() + ": " + child.lastLine());
        }
        JsonNode found = JsonMapper.builder().build().readTree(numbers);
        String counts = String.format(
                Locale.ROOT,
                "%d passed, %d failed, %d skipped",
                found.path("passed").asInt(),
                found.path("failed").asInt(),
                found.path("skipped").asInt());
        if (child.ended()) {
            return new Outcome(step.late().verdict(), step.late().summary() + "; until then " + counts);
        }
        if (found.path("passed").asInt() == 0 && child.exit() == 0) {
            return found.path("skipped").asInt() > 0 ? Outcome.skipped(counts) : Outcome.of(false, "there is no test");
        }
        return Outcome.of(child.exit() == 0, child.exit() <= 1 ? counts : counts + ", exit " + child.exit());
    }
}
