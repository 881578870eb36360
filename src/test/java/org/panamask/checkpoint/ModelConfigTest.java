package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ModelConfigTest {
    private static final String CORRECT = "; correct the file or take another model";

    @TempDir
    Path folder;

    private ModelConfig config(String json) throws IOException {
        return ModelConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }

    @Test
    void readsEveryKindOfSetting() throws IOException {
        ModelConfig config = config("{\"n\":64,\"eps\":1e-5,\"tied\":true,\"type\":\"llama\",\"eos\":[2,3],\"bos\":1,"
                + "\"pad\":null,\"limits\":[0.0,Infinity],\"rope\":{\"factor\":8}}");
        assertThat(config.requireInt("n")).isEqualTo(64);
        assertThat(config.intOr("pad", -1)).isEqualTo(-1);
        assertThat(config.intOr("none", 7)).isEqualTo(7);
        assertThat(config.requireDouble("eps")).isEqualTo(1e-5);
        assertThat(config.doubleOr("n", 0)).isEqualTo(64);
        assertThat(config.booleanOr("tied", false)).isTrue();
        assertThat(config.stringOr("type", "")).isEqualTo("llama");
        assertThat(config.ints("eos")).containsExactly(2, 3);
        assertThat(config.ints("bos")).containsExactly(1);
        assertThat(config.ints("pad")).isEmpty();
        assertThat(config.strings("type")).containsExactly("llama");
        assertThat(config.object("rope").orElseThrow().requireInt("factor")).isEqualTo(8);
        assertThat(config.object("pad")).isEmpty();
        assertThat(config.has("pad")).isFalse();
        assertThat(config.keys()).startsWith("n", "eps", "tied");
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                refusal(
                        config -> config.requireInt("none"),
                        "none must be a whole number, but it is missing; take the file that belongs to the weights"),
                refusal(config -> config.requireInt("text"), "text must be a whole number, but got \"64\"" + CORRECT),
                refusal(config -> config.requireInt("half"), "half must be a whole number, but got 0.5" + CORRECT),
                refusal(config -> config.intOr("wide", 0), "wide must be a whole number, but got 4294967296" + CORRECT),
                refusal(
                        config -> config.requireDouble("text"),
                        "text must be a finite number, but got \"64\"" + CORRECT),
                refusal(config -> config.booleanOr("half", true), "half must be true or false, but got 0.5" + CORRECT),
                refusal(config -> config.stringOr("half", ""), "half must be text, but got 0.5" + CORRECT),
                refusal(
                        config -> config.ints("mixed"),
                        "mixed must be a whole number or a list of them, but got [1,\"2\"]" + CORRECT),
                refusal(
                        config -> config.strings("mixed"),
                        "mixed must be text or a list of it, but got [1,\"2\"]" + CORRECT),
                refusal(config -> config.object("half"), "half must be an object, but got 0.5" + CORRECT),
                refusal(
                        config -> config.object("rope").orElseThrow().requireDouble("factor"),
                        "rope.factor must be a finite number, but got \"8\"" + CORRECT));
    }

    private static Arguments refusal(Consumer<ModelConfig> read, String message) {
        return arguments(message, read);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void refusesAValueOfAnotherKind(String message, Consumer<ModelConfig> read) throws IOException {
        ModelConfig config = config("{\"text\":\"64\",\"half\":0.5,\"wide\":4294967296,\"mixed\":[1,\"2\"],"
                + "\"rope\":{\"factor\":\"8\"}}");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read.accept(config))
                .withMessage("config.json: " + message);
    }

    @Test
    void refusesFilesThatAreNotOneObject() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("[1]"))
                .withMessage("config.json: the file must hold one JSON object, but got something else; fetch it again");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config(""))
                .withMessageStartingWith("config.json: the file must ");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("{} {}"))
                .withMessageStartingWith("config.json: the file must be JSON, but got a mistake at line 1, column 4 (");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("{\"a\": 1,\n \"a\": 2}"))
                .withMessageStartingWith("config.json: the file must be JSON, but got a mistake at line 2, column ")
                .withMessageEndingWith("; correct it");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("{\"a\":" + "[".repeat(200_000)))
                .withMessageStartingWith("config.json: the file must be JSON, but got a mistake (Document nesting");
    }

    @Test
    void refusesBytesThatAreNotUtf8() throws IOException {
        Path file =
                Files.write(folder.resolve("config.json"), "{\"a\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModelConfig.read(file))
                .withMessage("config.json: the file must be UTF-8, but got other bytes at byte 7; fetch or write it"
                        + " again");
    }

    @Test
    void readsTheFixtures() {
        ModelConfig config = HubFolder.config(Fixtures.ddm("models/llama3-tiny"));
        assertThat(config.requireInt("hidden_size")).isEqualTo(48);
        assertThat(config.ints("eos_token_id")).hasSizeGreaterThan(1);
        assertThat(config.object("rope_scaling").orElseThrow().requireString("rope_type"))
                .isEqualTo("llama3");
    }
}
