package org.panamask.bench.kit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.panamask.app.Main;

/// Programs whose exit code and last line say how it went.
final class Programs {
    private static final Pattern PASSED = Pattern.compile("(\\d+) passed");
    private static final Pattern MISSED = Pattern.compile("(\\d+) MISSED");
    private static final Pattern SHARE = Pattern.compile("([0-9.]+) % of tolerance");

    private Programs() {}

    /// A program of the kit that writes its numbers to the file that it is given.
    static Step.Work own(Class<?> main) {
        return (kit, step) -> {
            List<String> arguments =
                    new ArrayList<>(List.of(kit.numbers(step.name()).toString()));
            if (kit.small()) {
                arguments.add("--small");
            }
            Child child =
                    Child.run(kit.java(main, arguments.toArray(String[]::new)), kit.log(step.name()), step.limit());
            return child.ended() ? step.late() : Outcome.of(child.exit() == 0, child.lastLine());
        };
    }

    /// Whether `panamask doctor` finds that the GPU runs; the machine has no oneDNN, so its exit code says nothing.
    static Outcome doctor(KitFolder kit, Step step) throws IOException, InterruptedException {
        Child child = Child.run(kit.java(Main.class, "doctor"), kit.log(step.name()), step.limit());
        if (child.ended()) {
            return step.late();
        }
        String line = child.text()
                .lines()
                .filter(each -> each.startsWith("cuda "))
                .findFirst()
                .orElse("doctor says nothing of cuda");
        return Outcome.of(line.endsWith("runs here"), line.replaceAll("\\s+", " "));
    }

    /// What cuDNN plans for devices that are described to it, with the driver and compiler of this machine.
    static Outcome cudnn(KitFolder kit, Step step) throws IOException, InterruptedException {
        Child child = Child.run(
                kit.java("org.panamask.backend.cuda.attention.CudnnTable", List.of("80", "89", "90")),
                kit.log(step.name()),
                step.limit());
        List<String> lines = child.text().lines().toList();
        if (child.ended()) {
            return step.late();
        }
        if (lines.stream().anyMatch(line -> line.startsWith("absent "))) {
            return Outcome.skipped(child.lastLine());
        }
        long planned =
                lines.stream().filter(line -> line.startsWith("planned ")).count();
        List<String> refused =
                lines.stream().filter(line -> line.startsWith("refused ")).toList();
        return Outcome.of(
                child.exit() == 0 && planned > 0 && refused.isEmpty(),
                child.exit() == 0
                        ? planned + " graphs planned for sm_80, 89 and 90; " + refused.size() + " refused"
                        : child.lastLine());
    }

    /// The golden cases in one number type.
    static Step.Work verify(String dtype) {
        return (kit, step) -> {
            Child child = Child.run(
                    kit.java(Main.class, "verify", "--backend", "cuda", "--dtype", dtype),
                    kit.log(step.name()),
                    step.limit());
            String text = child.text();
            double share = PASSED.matcher(text).find()
                    ? SHARE.matcher(text)
                            .results()
                            .mapToDouble(each -> Double.parseDouble(each.group(1)))
                            .max()
                            .orElse(0)
                    : 0;
            long passed = sum(PASSED.matcher(text));
            String counts = String.format(
                    Locale.ROOT,
                    "%d cases passed using up to %.0f %% of their tolerance, %d missed",
                    passed,
                    share,
                    sum(MISSED.matcher(text)));
            if (child.ended()) {
                return new Outcome(step.late().verdict(), step.late().summary() + "; until then " + counts);
            }
            return Outcome.of(child.exit() == 0 && passed > 0, passed > 0 ? counts : child.lastLine());
        };
    }

    private static long sum(Matcher counts) {
        return counts.results().mapToLong(each -> Long.parseLong(each.group(1))).sum();
    }
}
