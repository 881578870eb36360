package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;

@EnabledOnOs(OS.LINUX)
final class LaunchCommandTest {
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    @TempDir
    private Path folder;

    @Test
    void aCommandRunsAsSeveralRanksWhoseLinesSayWhoPrintedThem() throws Exception {
        CommandRun run;
        try (ChildJvm child = ChildJvm.start(folder, List.of(), "launch", "--nproc", 2, "recipe", "train.seed")) {
            run = child.end();
        }
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("[rank 0] ", "[rank 1] ", "train.seed");
    }

    @Test
    void theExitCodeOfTheRankThatFailsIsThatOfTheLaunch() throws Exception {
        CommandRun run;
        try (ChildJvm child = ChildJvm.start(folder, List.of(), "launch", "--nproc", 2, "train")) {
            run = child.end();
        }
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains("Missing required parameter: 'RECIPE'", " ended with exit code 2");
    }

    private ChildJvm train(String settings) throws IOException {
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        Path recipe = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), settings);
        return ChildJvm.start(
                folder,
                List.of("--enable-native-access=ALL-UNNAMED"),
                "launch",
                "--nproc",
                2,
                "train",
                recipe,
                "train.micro_batch=2",
                "train.accumulate=2",
                "backend.name=reference");
    }

    @Test
    void twoRanksTrainAndRankZeroTells() throws Exception {
        CommandRun run;
        try (ChildJvm child = train("train: {max_steps: 2}\n")) {
            run = child.end();
        }
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err())
                .contains("[rank 0] done after 2 steps, saved the adapter to " + folder.resolve("run"))
                .doesNotContain("[rank 1] done");
        assertThat(folder.resolve("run/adapter_model.safetensors")).exists();
    }

    @Test
    void anInterruptReachesAllRanksAndRankZeroSaves() throws Exception {
        CommandRun run;
        try (ChildJvm child = train("train: {max_steps: 10000000, log_every: 1}\n")) {
            awaitTraining(child);
            child.signal("TERM");
            run = child.end();
        }
        assertThat(run.exitCode()).as(run.err()).isEqualTo(143);
        assertThat(run.err()).contains("[rank 0] interrupted after ");
        assertThat(folder.resolve("run/adapter_model.safetensors")).exists();
    }

    @Test
    void aKilledRankEndsTheOthersWhoSayWhichItWas() throws Exception {
        CommandRun run;
        try (ChildJvm child = train("train: {max_steps: 10000000, log_every: 1}\n")) {
            awaitTraining(child);
            ProcessHandle second = child.children().stream()
                    .filter(LaunchCommandTest::isRankOne)
                    .findFirst()
                    .orElseThrow();
            assertThat(second.destroyForcibly()).isTrue();
            run = child.end();
        }
        assertThat(run.err())
                .contains("launch: rank 1 ended with exit code 137, killed by signal 9")
                .contains("[rank 0] rank 0 of 2 cannot go on: rank 1 of 2 ");
        assertThat(run.exitCode()).isEqualTo(137);
    }

    private static boolean isRankOne(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "environ"))
                    .contains("PANAMASK_RANK=1");
        } catch (IOException ended) {
            throw new UncheckedIOException(ended);
        }
    }

    private void awaitTraining(ChildJvm child) throws IOException, InterruptedException {
        Path metrics = folder.resolve("run/metrics.jsonl");
        long start = System.nanoTime();
        while (!Files.exists(metrics) || Files.size(metrics) == 0) {
            if (!child.isAlive()) {
                throw new AssertionError("ended before it trained: " + child.end());
            }
            assertThat(System.nanoTime() - start).isLessThan(PATIENCE_NANOS);
            Thread.sleep(20);
        }
    }

    @Test
    void zeroRanksAreRefused() {
        CommandRun run = CommandRun.of("launch", "--nproc", 0, "doctor");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("launch: at least 1 rank, a command and a port up to 65535 are needed");
    }
}
