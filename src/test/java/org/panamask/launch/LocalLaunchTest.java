package org.panamask.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(60)
@EnabledOnOs(OS.LINUX)
final class LocalLaunchTest {
    private final List<String> out = Collections.synchronizedList(new ArrayList<>());
    private final List<String> err = Collections.synchronizedList(new ArrayList<>());

    @Test
    void everyRankIsToldItsPlaceAndItsLinesSayWhoPrintedThem() {
        int code = launch(2, "echo $PANAMASK_RANK of $PANAMASK_WORLD_SIZE at $PANAMASK_MASTER_ADDR; echo oh >&2")
                .run();
        assertThat(code).isZero();
        assertThat(out).containsExactlyInAnyOrder("[rank 0] 0 of 2 at 127.0.0.1", "[rank 1] 1 of 2 at 127.0.0.1");
        assertThat(err).containsExactlyInAnyOrder("[rank 0] oh", "[rank 1] oh");
    }

    @Test
    void oneProcessPrintsAsIfNobodyHadLaunchedIt() {
        assertThat(launch(1, "echo hello").run()).isZero();
        assertThat(out).containsExactly("hello");
    }

    @Test
    void whenOneFailsTheOthersAreEndedAndItsCodeIsTheCode() {
        long start = System.nanoTime();
        assertThat(launch(3, "[ $PANAMASK_RANK = 1 ] && exit 3; exec sleep 50").run())
                .isEqualTo(3);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
        assertThat(err).containsExactly("launch: rank 1 ended with exit code 3; ending the other ranks");
    }

    @Test
    void aKilledRankIsSaidToBeKilled() {
        assertThat(launch(2, "[ $PANAMASK_RANK = 0 ] && kill -9 $$; exec sleep 50")
                        .run())
                .isEqualTo(137);
        assertThat(err)
                .containsExactly("launch: rank 0 ended with exit code 137, killed by signal 9: the system may have run"
                        + " out of memory; ending the other ranks");
    }

    @Test
    void whoeverDoesNotEndWhenAskedIsKilled() {
        assertThat(launch(2, "[ $PANAMASK_RANK = 0 ] && sleep 0.3 && exit 4; trap '' TERM; while :; do sleep 0.1; done")
                        .run())
                .isEqualTo(4);
    }

    @Test
    void stoppingReachesEveryRank() {
        LocalLaunch launch = launch(2, "trap 'echo stopped; exit 130' TERM; echo up; while :; do sleep 0.05; done");
        CompletableFuture<Integer> code = CompletableFuture.supplyAsync(launch::run);
        while (out.size() < 2) {
            Thread.onSpinWait();
        }
        launch.stop();
        assertThat(code.join()).isEqualTo(130);
        assertThat(out).contains("[rank 0] stopped", "[rank 1] stopped");
        assertThat(err).isEmpty();
    }

    @Test
    void aCommandThatIsNotThereIsSaid() {
        LocalLaunch.Plan plan = new LocalLaunch.Plan(2, List.of("/no/such/program"), 0, Duration.ofSeconds(1));
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> new LocalLaunch(plan, new LocalLaunch.Prints(out::add, err::add)).run())
                .withMessage("launch: /no/such/program could not be started");
    }

    private LocalLaunch launch(int count, String script) {
        return new LocalLaunch(
                new LocalLaunch.Plan(count, List.of("sh", "-c", script), 0, Duration.ofSeconds(2)),
                new LocalLaunch.Prints(out::add, err::add));
    }
}
