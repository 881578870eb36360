package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.Panamask;
import org.panamask.ToyModel;
import org.panamask.backend.BackendSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.train.ModelSettings;

@DisabledOnOs(OS.WINDOWS)
final class InterruptTest {
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"INT, 1, 130", "INT, 2, 130", "TERM, 1, 143"})
    void anInterruptedRunSavesAnAdapterThatGenerates(String signal, int times, int exitCode) throws Exception {
        assumeFalse(signal.equals("INT") && interruptsAreIgnored(), "this process was started to ignore Ctrl-C");
        Path model = ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        Path recipe =
                ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 10000000, log_every: 1}\n");
        Path run = folder.resolve("run");

        CommandRun ended;
        try (ChildJvm child = ChildJvm.start(folder, List.of("--enable-native-access=ALL-UNNAMED"), "train", recipe)) {
            awaitSteps(child, run.resolve("metrics.jsonl"), 3);
            // One press may come twice at once: from the terminal and from what started this program.
            for (int time = 0; time < times; time++) {
                child.signal(signal);
            }
            ended = child.end();
        }

        assertThat(ended.exitCode()).as(ended.err()).isEqualTo(exitCode);
        assertThat(ended.err())
                .containsPattern("interrupted after \\d+ steps, saved the adapter to \\Q" + run + "\\E\n");
        ModelSettings settings = ModelSettings.of(model).with("adapter", run);
        try (Panamask adapted = Panamask.open(settings, BackendSettings.defaults(), true)) {
            DdmSettings sampling = DdmSettings.defaults().with("steps", 2).with("length", 16);
            assertThat(adapted.generate(List.of("spell a"), sampling, SamplerListener.NONE))
                    .hasSize(1);
        }
    }

    /// The first interrupt waits for a validation of many minutes.
    @Test
    void aSecondInterruptLosesTheRun() throws Exception {
        assumeFalse(interruptsAreIgnored(), "this process was started to ignore Ctrl-C");
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        Path recipe = ToyModel.writeRecipe(
                folder.resolve("recipe.yaml"),
                "train: {max_steps: 9, log_every: 1, eval_every: 1, eval_nll: true, eval_nll_steps: 1000000}\n");
        Path run = folder.resolve("run");

        CommandRun ended;
        try (ChildJvm child = ChildJvm.start(
                folder, List.of("--enable-native-access=ALL-UNNAMED"), "train", recipe, "data.val_size=8")) {
            awaitSteps(child, run.resolve("metrics.jsonl"), 1);
            child.signal("INT");
            String said = "interrupted: the step under way is finished and saved; press Ctrl-C again to end without it";
            awaitText(child, folder.resolve("err.txt"), said);
            Thread.sleep(1200);
            child.signal("INT");
            ended = child.end();
        }

        assertThat(ended.exitCode()).as(ended.err()).isEqualTo(130);
        assertThat(run.resolve("adapter_model.safetensors")).doesNotExist();
    }

    /// Named on the module path only where somebody asks for it; without it Ctrl-C would only begin the JVM's end.
    @Test
    void theLauncherAsksForTheModuleThatTakesCtrlCOver() throws Exception {
        String module = Class.forName("sun.misc.Signal").getModule().getName();

        assertThat(Path.of("panamask")).content().contains("bin/java\" --add-modules " + module + " ");
    }

    private static void awaitText(ChildJvm child, Path file, String text) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!Files.readString(file).contains(text)) {
            assertThat(child.isAlive()).isTrue();
            assertThat(System.nanoTime() - start).isLessThan(PATIENCE_NANOS);
            Thread.sleep(20);
        }
    }

    private static void awaitSteps(ChildJvm child, Path metrics, int steps) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!Files.exists(metrics) || Files.readString(metrics).lines().count() < steps) {
            if (!child.isAlive()) {
                throw new AssertionError("ended before it trained: " + child.end());
            }
            assertThat(System.nanoTime() - start).isLessThan(PATIENCE_NANOS);
            Thread.sleep(20);
        }
    }

    /// Shells start background jobs so, and every child inherits it.
    static boolean interruptsAreIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readString(status)
                        .lines()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }
}
