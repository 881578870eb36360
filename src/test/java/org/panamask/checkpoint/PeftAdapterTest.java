package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

class PeftAdapterTest {
    private static final WrapperNaming LLAMA = new WrapperNaming("model.", "model.embed_tokens.");
    private static final WrapperNaming GPT2 = new WrapperNaming("transformer.", "transformer.wte.");
    private static final String Q = "model.layers.0.self_attn.q_proj";
    private static final String FILE = "adapter_model.safetensors";

    @TempDir
    Path folder;

    private static WeightSource tensor(String name, long... extents) {
        Shape shape = Shape.of(extents);
        return WeightSource.of(name, shape, new float[(int) shape.count()]);
    }

    private static LoraPair pair(String module, int rank) {
        return new LoraPair(tensor(module + ".lora_A.weight", rank, 4), tensor(module + ".lora_B.weight", 6, rank));
    }

    private void config(String fields) throws IOException {
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q_proj\"]" + fields + "}");
    }

    private void weights(WeightSource... tensors) {
        SafetensorsWriter.write(folder.resolve(FILE), Map.of("format", "pt"), List.of(tensors));
    }

    private void refused(String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PeftAdapter.open(folder, LLAMA))
                .withMessage(message);
    }

    private static void assertSame(PeftAdapter actual, PeftAdapter expected) {
        assertThat(actual.modules().keySet())
                .containsExactlyElementsOf(expected.modules().keySet());
        expected.modules().forEach((module, pair) -> {
            LoraPair other = actual.modules().getOrDefault(module, pair);
            assertThat(other.a().floats()).isEqualTo(pair.a().floats());
            assertThat(other.b().floats()).isEqualTo(pair.b().floats());
            assertThat(other.b().shape()).isEqualTo(pair.b().shape());
            assertThat(other.a().dtype()).isEqualTo(DType.F32);
        });
        assertThat(actual.saved().keySet()).isEqualTo(expected.saved().keySet());
        expected.saved()
                .forEach((name, source) -> assertThat(
                                actual.saved().getOrDefault(name, source).floats())
                        .isEqualTo(source.floats()));
    }

    @ParameterizedTest
    @CsvSource({"llama-tiny,14", "llama-tiny-ddm,14", "qwen2-tiny-attn,8", "gpt2-tiny,8"})
    void fixturesComeBackAsTheyWere(String name, int modules) {
        WrapperNaming naming = name.startsWith("gpt2") ? GPT2 : LLAMA;
        try (PeftAdapter read = PeftAdapter.open(Fixtures.ddm("adapters/" + name), naming)) {
            assertThat(read.modules()).hasSize(modules);
            PeftAdapter.write(folder, read.config(), read.weights());
            try (PeftAdapter again = PeftAdapter.open(folder, naming)) {
                assertSame(again, read);
                assertThat(again.config()).isEqualTo(read.config());
            }
        }
        try (Safetensors written = Safetensors.open(folder.resolve(FILE))) {
            assertThat(written.metadata()).isEqualTo(Map.of("format", "pt"));
            assertThat(written.names()).allMatch(key -> key.startsWith("base_model.model."));
        }
    }

    @Test
    void readsWhatTheFixtureSays() {
        try (PeftAdapter adapter = PeftAdapter.open(Fixtures.ddm("adapters/llama-tiny-ddm"), LLAMA)) {
            PeftConfig config = adapter.config();
            assertThat(config.scaling().rank(Q)).isEqualTo(4);
            assertThat(config.scaling().scale(Q)).isEqualTo(2);
            assertThat(config.modulesToSave()).containsExactly("embed_tokens");
            assertThat(config.baseModel()).isEqualTo("llama-tiny");
            assertThat(config.others()).contains("\"megatron_core\":\"megatron.core\"");
            assertThat(adapter.saved()).containsOnlyKeys("model.embed_tokens.weight");
            assertThat(adapter.modules()).containsKey(Q);
            assertThat(adapter.modules().get(Q).a().shape()).isEqualTo(Shape.of(4, 64));
        }
    }

    @Test
    void writesTheWrapperNamingWhereAsked() {
        Path source = Fixtures.ddm("adapters/llama-tiny-ddm");
        try (PeftAdapter read = PeftAdapter.open(source, LLAMA)) {
            PeftAdapter.write(folder, read.config(), read.weights(), LLAMA::toWrapper);
        }
        try (Safetensors written = Safetensors.open(folder.resolve(FILE));
                Safetensors original = Safetensors.open(source.resolve(FILE))) {
            assertThat(written.names()).containsExactlyInAnyOrderElementsOf(original.names());
        }
    }

    @Test
    void writesTheFieldsPeftReads() {
        PeftConfig config = PeftConfig.of(PeftScaling.of(2, 4), List.of("q_proj"))
                .withDropout(0.1)
                .withBaseModel("base")
                .withModulesToSave(List.of("embed_tokens"));
        PeftAdapter.write(
                folder,
                config,
                new PeftWeights(Map.of(Q, pair(Q, 2)), Map.of("model.embed_tokens.weight", tensor("embedding", 3, 4))));
        ModelConfig json = ModelConfig.read(folder.resolve("adapter_config.json"));
        assertThat(json.requireString("peft_type")).isEqualTo("LORA");
        assertThat(json.requireString("task_type")).isEqualTo("CAUSAL_LM");
        assertThat(json.requireInt("r")).isEqualTo(2);
        assertThat(json.requireInt("lora_alpha")).isEqualTo(4);
        assertThat(json.requireDouble("lora_dropout")).isEqualTo(0.1);
        assertThat(json.strings("target_modules")).containsExactly("q_proj");
        assertThat(json.strings("modules_to_save")).containsExactly("embed_tokens");
        assertThat(json.requireString("bias")).isEqualTo("none");
        assertThat(json.requireString("base_model_name_or_path")).isEqualTo("base");
        assertThat(json.requireString("peft_version")).isEqualTo("0.21.0");
        assertThat(json.booleanOr("inference_mode", false)).isTrue();
        assertThat(json.booleanOr("use_dora", true)).isFalse();
        try (PeftAdapter read = PeftAdapter.open(folder, LLAMA)) {
            assertThat(read.config().scaling()).isEqualTo(config.scaling());
        }
    }

    @Test
    void writesHalvesAsSingles() {
        LoraPair halves = new LoraPair(
                WeightSource.of("a", DType.BF16, Shape.of(2, 1), new float[] {1, 2}),
                WeightSource.of("b", DType.F16, Shape.of(1, 2), new float[] {3, 4}));
        PeftAdapter.write(
                folder,
                PeftConfig.of(PeftScaling.of(2, 4), List.of("q_proj")),
                new PeftWeights(Map.of(Q, halves), Map.of()));
        try (PeftAdapter read = PeftAdapter.open(folder, LLAMA)) {
            LoraPair singles = read.modules().getOrDefault(Q, halves);
            assertThat(singles.a().dtype()).isEqualTo(DType.F32);
            assertThat(singles.b().floats()).containsExactly(3, 4);
        }
    }

    @Test
    void patternsChangeRankAndAlphaOfSingleModules() throws IOException {
        config(",\"rank_pattern\":{\"layers\\\\.0\\\\..*q_proj\":3,\"q_proj\":5},\"alpha_pattern\":{\"q_proj\":6},"
                + "\"use_rslora\":true");
        weights(
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_A.weight", 3, 4),
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_B.weight", 6, 3),
                tensor("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight", 5, 4),
                tensor("base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight", 6, 5));
        try (PeftAdapter adapter = PeftAdapter.open(folder, LLAMA)) {
            PeftScaling scaling = adapter.config().scaling();
            assertThat(scaling.rank(Q)).isEqualTo(3);
            assertThat(scaling.rank("model.layers.1.self_attn.q_proj")).isEqualTo(5);
            assertThat(scaling.rank("model.layers.1.self_attn.k_proj")).isEqualTo(2);
            assertThat(scaling.scale(Q)).isEqualTo(6 / Math.sqrt(3));
            assertThat(scaling.alpha("model.layers.1.self_attn.k_proj")).isEqualTo(4);
        }
    }

    @Test
    void oneExpressionMayNameTheTargets() throws IOException {
        config("");
        Path json = folder.resolve("adapter_config.json");
        Files.writeString(json, Files.readString(json).replace("[\"q_proj\"]", "\"denoise_model.*\\\\.(q|k)_proj\""));
        weights(
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_A.weight", 2, 4),
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_B.weight", 6, 2));
        try (PeftAdapter adapter = PeftAdapter.open(folder, LLAMA)) {
            assertThat(adapter.modules()).containsOnlyKeys(Q);
            assertThat(adapter.config().targets().covers(Q)).isTrue();
        }
    }

    static Stream<Arguments> refusedSettings() {
        String plain =
                ": the adapter must be plain LoRA (peft_type \"LORA\", bias \"none\", no variant of it)," + " but got ";
        String convert = "; convert it with peft or train it again";
        return Stream.of(
                arguments("\"peft_type\":\"IA3\"", plain + "peft_type \"IA3\"" + convert),
                arguments(
                        "\"peft_type\":\"LORA\",\"bias\":\"all\",\"use_dora\":true,\"layer_replication\":[[0,1]]",
                        plain + "bias \"all\", use_dora true, layer_replication [[0,1]]" + convert),
                arguments(
                        "\"peft_type\":\"LORA\",\"init_lora_weights\":\"pissa\"",
                        plain + "init_lora_weights \"pissa\"" + convert),
                arguments(
                        "\"peft_type\":\"LORA\"",
                        ": r must be a whole number, but it is missing; take the file that belongs to the weights"),
                arguments(
                        "\"peft_type\":\"LORA\",\"r\":0,\"lora_alpha\":4",
                        ": r must be a whole number from 1 to 65536, but got 0; correct the rank"),
                arguments(
                        "\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"rank_pattern\":{\"q\":1.5}",
                        ": rank_pattern.q must be a whole number from 1 to 65536, but got 1.5; correct the rank"),
                arguments(
                        "\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q\"],\"lora_dropout\":1",
                        ": lora_dropout must be from 0 to below 1, but got 1.0; correct it"),
                arguments(
                        "\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4",
                        ": target_modules must be a list of module names or one regular expression, but got nothing;"
                                + " correct the file or take another model"),
                arguments(
                        "\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":\"(q\"",
                        ": target_modules must be a regular expression of characters, classes, groups, |, *, + and ?,"
                                + " but got (q; list the modules instead"));
    }

    @ParameterizedTest
    @MethodSource("refusedSettings")
    void refusesSettingsItCannotFollow(String fields, String message) throws IOException {
        Files.writeString(folder.resolve("adapter_config.json"), "{" + fields + "}");
        weights(tensor("x", 1));
        refused("adapter_config.json" + message);
    }

    @Test
    void refusesTensorsItDoesNotUnderstandAndListsThemAll() throws IOException {
        config("");
        weights(
                tensor("base_model.model." + Q + ".lora_A.weight", 2, 4),
                tensor("base_model.model." + Q + ".lora_B.weight", 6, 2),
                tensor("base_model.model." + Q + ".lora_magnitude_vector", 6),
                tensor("base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight", 2, 4),
                tensor("base_model.model.lm_head.weight", 6, 4),
                tensor("other", 1));
        refused(FILE + ": every tensor must be A or B of a module in target_modules, or belong to one in"
                + " modules_to_save, but got [base_model.model." + Q + ".lora_magnitude_vector,"
                + " base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight, base_model.model.lm_head.weight,"
                + " other]; check that adapter_config.json belongs to the weights");
    }

    @Test
    void refusesAnAdapterThatLacksTensors() throws IOException {
        config(",\"modules_to_save\":[\"lm_head\"]");
        weights(
                tensor("base_model.model." + Q + ".lora_A.weight", 2, 4),
                tensor("base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight", 6, 2));
        refused(FILE + ": A, B and every module in modules_to_save must be there, but missing are"
                + " [base_model.model." + Q + ".lora_B.weight,"
                + " base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight, lm_head.weight];"
                + " check that adapter_config.json belongs to the weights");
        config("");
        weights();
        refused(FILE + ": an adapter holds at least one module, but got no tensor; train it again");
    }

    @Test
    void refusesFactorsOfAnotherRankOrType() throws IOException {
        config("");
        String a = "base_model.model." + Q + ".lora_A.weight";
        String b = "base_model.model." + Q + ".lora_B.weight";
        weights(tensor(a, 3, 4), tensor(b, 6, 2));
        refused(FILE + ": tensor " + a + " must be [r, in] with r = 2, but got [3, 4]; check that adapter_config.json"
                + " belongs to the weights");
        weights(tensor(a, 2, 4), tensor(b, 6));
        refused(FILE + ": tensor " + b + " must be [out, r] with r = 2, but got [6]; check that adapter_config.json"
                + " belongs to the weights");
        WeightSource ints = tensor(b, 6, 2);
        weights(tensor(a, 2, 4), WeightSource.of(b, DType.I32, ints.shape(), ints.data()));
        refused(FILE + ": tensor " + b + " must be [F64, F32, F16, BF16], but got I32; train the adapter again");
    }

    @Test
    void refusesTwoNamesForOneModule() throws IOException {
        config("");
        weights(
                tensor("base_model.model." + Q + ".lora_A.weight", 2, 4),
                tensor("base_model.model." + Q + ".lora_B.weight", 6, 2),
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_A.weight", 2, 4),
                tensor("base_model.model.denoise_model.layers.0.self_attn.q_proj.lora_B.weight", 6, 2));
        refused(FILE + ": a tensor must occur once, but got " + Q + ".lora_A.weight from " + FILE + " and " + FILE
                + "; remove one of them");
    }

    @Test
    void refusesAFolderWithoutAnAdapter() throws IOException {
        String holds = folder + ": an adapter folder holds adapter_config.json and adapter_model.safetensors, but ";
        refused(holds + "adapter_config.json is not there; check the path");
        config("");
        refused(holds + "adapter_model.safetensors is not there; check the path");
    }

    @Test
    void writesNothingThatItWouldNotRead() {
        Map<String, LoraPair> modules = new LinkedHashMap<>();
        modules.put(Q, pair(Q, 3));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PeftAdapter.write(
                        folder,
                        PeftConfig.of(PeftScaling.of(2, 4), List.of("q_proj")),
                        new PeftWeights(modules, Map.of())))
                .withMessage("memory: tensor base_model.model." + Q + ".lora_A.weight must be [r, in] with r = 2, but"
                        + " got [3, 4]; check that adapter_config.json belongs to the weights");
        assertThat(folder).isEmptyDirectory();
    }
}
