package org.panamask.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The emulator's own tests in C++: fragments and conversions, collectives, reports of misuse, whole kernels.
class SchedulerTest {
    private static final List<String> TESTS =
            List.of("check", "fragments_test", "collectives_test", "misuse_test", "tiles_test");

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {0, 1, 20251122})
    void theSchedulerRunsKernelsAsDocumented(int seed) throws IOException {
        NativeProgram program = new NativeProgram(Emulator.folder(), List.of("-O1"));

        NativeProgram.Outcome outcome = program.run(build(program, TESTS), seed);

        assertThat(outcome.output()).endsWith("\n0 failures\n");
        assertThat(outcome.status()).isZero();
    }

    @Test
    void theSanitizersFindNothing() throws IOException {
        findNothing(Sanitizers.FLAGS);
    }

    @Test
    void blocksDoNotRaceEachOther() throws IOException {
        findNothing(Sanitizers.RACES);
    }

    private static void findNothing(List<String> flags) throws IOException {
        Assumptions.assumeTrue(Sanitizers.present(Emulator.folder(), flags), "this compiler has no " + flags.get(1));
        NativeProgram program = new NativeProgram(Emulator.folder(), flags);
        Path tests = build(program, List.of("check", "tiles_test"));

        for (int seed = 0; seed < 2; seed++) {
            NativeProgram.Outcome outcome = program.run(tests, seed);
            assertThat(outcome.output()).endsWith("\n0 failures\n");
            assertThat(outcome.status()).isZero();
        }
    }

    private static Path build(NativeProgram program, List<String> tests) throws IOException {
        List<NativeProgram.Compilation> all = new ArrayList<>(program.kernels("fragments.cu"));
        all.add(program::scheduler);
        tests.forEach(test -> all.add(() -> program.test(test)));
        return program.link("scheduler-test", NativeProgram.all(all));
    }
}
