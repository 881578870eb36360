package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class LaunchCommandTest {
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

    @Test
    void zeroRanksAreRefused() {
        CommandRun run = CommandRun.of("launch", "--nproc", 0, "doctor");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("launch: at least 1 rank, a command and a port up to 65535 are needed");
    }
}
