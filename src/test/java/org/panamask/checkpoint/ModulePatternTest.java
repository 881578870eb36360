package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModulePatternTest {
    private static final String KEY = "adapter_config.json: target_modules";
    private static final String FIVE_EMPTIES = "(|)(|)(|)(|)(|)";
    private static final String FIVE_OPTIONS = "(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)";
    private static final String Q = "model.layers.10.self_attn.q_proj";

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".*q_proj",
                "^model\\.layers\\.\\d{1,2}\\.self_attn\\.(?:q|k)_proj$",
                "model.layers.[0-9]+.(mlp|self_attn).(up|down|q)_proj",
                "^(?!.*visual).*(?:k_proj|q_proj).*",
                "(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:self_attn|mlp)\\.(?:q_proj))",
                "model\\.[^x]*_proj"
            })
    void matchesWholePaths(String expression) {
        ModulePattern pattern = ModulePattern.whole(KEY, expression);
        assertThat(pattern.matches(Q)).isTrue();
        assertThat(pattern.matches("visual." + Q.replace("q_proj", "x"))).isFalse();
    }

    @Test
    void anEndingMatchesLastParts() {
        assertThat(ModulePattern.ending("rank_pattern", "q_proj").matches(Q)).isTrue();
        assertThat(ModulePattern.ending("rank_pattern", "proj").matches(Q)).isFalse();
        assertThat(ModulePattern.ending("rank_pattern", "^q_proj").matches(Q)).isFalse();
        assertThat(ModulePattern.ending("rank_pattern", "^q_proj").matches("q_proj"))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a^b",
                "(?<=a)b",
                "(a)\\1",
                "(){99}",
                "((a){9}){9}",
                "(?x)a",
                "a{0}",
                "(?!())b",
                "[",
                "a**",
                "\\D",
                "\\"
            })
    void refusesWhatCouldHangUnseen(String expression) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModulePattern.whole(KEY, expression))
                .withMessage("adapter_config.json: target_modules must be a regular expression of characters, classes,"
                        + " groups, |, *, + and ?, but got " + expression + "; list the modules instead");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a*a*a*a*a*b",
                FIVE_EMPTIES + FIVE_EMPTIES + FIVE_EMPTIES + FIVE_EMPTIES + FIVE_EMPTIES + "b",
                "a*" + FIVE_OPTIONS + FIVE_OPTIONS + FIVE_OPTIONS + "x"
            })
    void stopsBacktrackingThatWouldNotEnd(String expression) {
        ModulePattern pattern = ModulePattern.whole(KEY, expression);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThatExceptionOfType(CheckpointException.class)
                        .isThrownBy(() -> pattern.matches("a".repeat(200)))
                        .withMessageStartingWith("adapter_config.json: target_modules must match in 1000000 steps"));
    }

    @Test
    void refusesEndlessExpressionsAndPaths() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModulePattern.whole(KEY, "a".repeat(2_001)))
                .withMessage("adapter_config.json: target_modules must have at most 2000 characters, but got 2001; list"
                        + " the modules instead");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModulePattern.whole(KEY, "a").matches("a".repeat(1_001)))
                .withMessageStartingWith("adapter_config.json: a module path has at most 1000 characters, but got aaa");
    }
}
