package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;

/// What a person reads who gave the command line something wrong: the whole of it, and the exit code.
final class BadInputTest {
    @TempDir
    private Path folder;

    private Path model;
    private Path recipe;

    @BeforeEach
    void writeWhatIsRight() throws IOException {
        model = ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        recipe = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 2}\n");
    }

    private static void refused(CommandRun run, String message) {
        assertThat(run).isEqualTo(new CommandRun(2, "", message + System.lineSeparator()));
    }

    private void modelRefused(String message) {
        refused(CommandRun.of("generate", "-m", model, "-p", "x", "--length", 16, "--steps", 2), message);
    }

    private void trainRefused(String message, String... overrides) {
        Object[] arguments = new Object[2 + overrides.length];
        arguments[0] = "train";
        arguments[1] = recipe;
        System.arraycopy(overrides, 0, arguments, 2, overrides.length);
        refused(CommandRun.of(arguments), message);
        assertThat(folder.resolve("run")).doesNotExist();
    }

    private void inConfig(String key, String value) throws IOException {
        Path config = model.resolve("config.json");
        String text = Files.readString(config);
        String changed = text.replaceFirst("\"" + key + "\" : [^,\n]+", "\"" + key + "\" : " + value);
        assertThat(changed).isNotEqualTo(text);
        Files.writeString(config, changed);
    }

    @Test
    void everyWrongKeyOfARecipeIsNamedWithItsLine() throws IOException {
        Files.writeString(recipe, """
                modle: model
                lora: {rank: two}
                data: {train: rows.jsonl, max_token: 20}
                train:
                  learning_rate: -1.0
                  warmup: 10
                output: run
                """);

        trainRefused("""
                recipe.yaml:1: unknown key 'modle', did you mean 'model'?
                recipe.yaml:2: lora.rank must be a whole number, but got 'two'
                recipe.yaml:3: unknown key 'max_token', did you mean 'max_tokens'?
                recipe.yaml:5: train.learning_rate must be above 0, not -1.0
                recipe.yaml:6: unknown key 'warmup'; known here: micro_batch, accumulate, learning_rate, scheduler,\
                 warmup_steps, warmup_ratio, epochs, max_steps, step_count, weight_decay, adam_beta1, adam_beta2,\
                 adam_epsilon, max_grad_norm, recompute, seed, log_every, eval_every, eval_batch, eval_nll,\
                 eval_nll_steps, sample_every, save_every, save_total_limit, overwrite_output""");
    }

    @Test
    void wrongOverridesAreNamedAsTheyWereTyped() {
        String message = """
                verbose: an override is key=value, such as train.learning_rate=1e-4
                lora.rank=four: lora.rank must be a whole number, but got 'four'
                train.learning_rat=1e-4: unknown key 'learning_rat', did you mean 'learning_rate'?""";

        trainRefused(message, "verbose", "lora.rank=four", "train.learning_rat=1e-4");
    }

    @Test
    void brokenYamlIsNamedWithItsLine() throws IOException {
        Files.writeString(recipe, "model: model\nlora: {rank: 2\n");

        trainRefused("recipe.yaml:3: this is not YAML: while parsing a flow mapping, expected ',' or '}', but got"
                + " <stream end>");
    }

    @Test
    void aMissingRecipeIsNamed() {
        Path missing = folder.resolve("recipes.yaml");

        refused(
                CommandRun.of("train", missing),
                "recipes.yaml: no such recipe: " + missing + "; 'panamask recipe' lists the keys to write one");
    }

    @Test
    void everyMissingFileOfARecipeIsNamedWithItsLine() throws IOException {
        Files.writeString(recipe, """
                model:
                  path: modle
                  adapter: adaptr
                data:
                  train: row.jsonl
                  validation: held-out.jsonl
                output: run
                """);

        String message = """
                recipe.yaml:2: model.path: no such folder: FOLDER/modle; HINT
                recipe.yaml:3: model.adapter: no such folder: FOLDER/adaptr; HINT
                recipe.yaml:5: data.train: no such file: FOLDER/row.jsonl; HINT
                recipe.yaml:6: data.validation: no such file: FOLDER/held-out.jsonl; HINT""";
        trainRefused(message.replace("FOLDER", folder.toString())
                .replace("HINT", "relative paths start at the folder of recipe.yaml"));
    }

    @Test
    void aMissingModelFolderIsNamed() {
        model = folder.resolve("modle");

        modelRefused(model + ": a model folder is needed, but there is no such folder; check the path");
    }

    @Test
    void aMissingAdapterFolderIsNamed() {
        Path adapter = folder.resolve("adaptr");

        refused(
                CommandRun.of("generate", "-m", model, "-a", adapter, "-p", "x"),
                adapter + ": an adapter folder holds adapter_config.json and adapter_model.safetensors, but"
                        + " adapter_config.json is not there; check the path");
    }

    @Test
    void aModelFolderWithoutWeightsIsRefused() throws IOException {
        Files.delete(model.resolve("model.safetensors"));

        modelRefused(model + ": a model folder holds its weights in model.safetensors or in shards listed by"
                + " model.safetensors.index.json, but there is neither; check that the download finished");
    }

    @Test
    void aModelFolderWithoutSettingsIsRefused() throws IOException {
        Files.delete(model.resolve("config.json"));

        modelRefused(model + ": a model folder holds config.json, but there is none; give the folder that Hugging"
                + " Face's save_pretrained wrote");
    }

    @Test
    void aModelFolderWithoutTokenizerIsRefused() throws IOException {
        Files.delete(model.resolve("tokenizer.json"));

        modelRefused(model + "/tokenizer.json: no such file; give a model folder with a whole tokenizer.json");
    }

    @Test
    void brokenSettingsAreNamedWithTheirPlace() throws IOException {
        Files.writeString(model.resolve("config.json"), "{\"model_type\": \"llama\"");

        modelRefused("config.json: the file must be JSON, but got a mistake at line 1, column 23 (Unexpected"
                + " end-of-input: expected close marker for Object); correct it");
    }

    @Test
    void settingsOfAWrongTypeAreNamed() throws IOException {
        inConfig("hidden_size", "\"16\"");

        modelRefused("config.json: hidden_size must be a whole number, but got \"16\"; correct the file or take another"
                + " model");
    }

    @Test
    void anUnknownFamilyIsNamed() throws IOException {
        inConfig("model_type", "\"t5\"");

        modelRefused(
                "config.json: model_type must be one of [Dream, gpt2, llada, llama, qwen2], but got 't5'; take another model");
    }

    @Test
    void aTensorOfAnotherShapeIsNamedWithBothShapes() throws IOException {
        inConfig("intermediate_size", "40");

        modelRefused("model.safetensors: tensor model.layers.0.mlp.gate_proj.weight is [32, 16], the model needs"
                + " [40, 16]");
    }

    @Test
    void everyMissingTensorIsNamed() throws IOException {
        inConfig("num_hidden_layers", "3");

        modelRefused(model + ": the weights must hold exactly the model's tensors, but missing are"
                + " [model.layers.2.input_layernorm.weight, model.layers.2.mlp.down_proj.weight,"
                + " model.layers.2.mlp.gate_proj.weight, model.layers.2.mlp.up_proj.weight,"
                + " model.layers.2.post_attention_layernorm.weight, model.layers.2.self_attn.k_proj.weight,"
                + " model.layers.2.self_attn.o_proj.weight, model.layers.2.self_attn.q_proj.weight,"
                + " model.layers.2.self_attn.v_proj.weight]; check that config.json belongs to them");
    }

    @Test
    void truncatedWeightsAreRefused() throws IOException {
        Path weights = model.resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(whole, whole.length - 100));

        modelRefused("model.safetensors: the tensors must fill the file, but got 22848 bytes of tensors and 22748 bytes"
                + " of data; the file is cut short, fetch it again");
    }

    @Test
    void aHeaderLengthThatWouldFillTheMemoryIsRefused() throws IOException {
        Files.write(model.resolve("model.safetensors"), headed(1L << 62, "{}"));

        modelRefused("model.safetensors: a header has at most 100000000 bytes, but got 4611686018427387904; the file is"
                + " damaged or made to harm, fetch or write it again");
    }

    @Test
    void tensorsThatOverlapAreRefused() throws IOException {
        String header = """
                {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
                "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""";
        Files.write(model.resolve("model.safetensors"), headed(header.length(), header + "0123456789ab"));

        modelRefused(
                "model.safetensors: tensors must not overlap, but got tensor b at byte 4 where 8 comes next; the file"
                        + " is damaged or made to harm, fetch or write it again");
    }

    private static byte[] headed(long length, String rest) {
        byte[] bytes = rest.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(8 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(bytes)
                .array();
    }

    @Test
    void aTruncatedAdapterIsRefused() throws IOException {
        Path adapter = folder.resolve("run");
        assertThat(CommandRun.of("train", recipe).exitCode()).isZero();
        Path weights = adapter.resolve("adapter_model.safetensors");
        byte[] whole = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(whole, whole.length - 4));

        refused(
                CommandRun.of("generate", "-m", model, "-a", adapter, "-p", "x"),
                "adapter_model.safetensors: the tensors must fill the file, but got 4096 bytes of tensors and 4092"
                        + " bytes of data; the file is cut short, fetch it again");
    }

    @Test
    void aTokenizerWithoutTheMaskTokenIsRefused() throws IOException {
        ToyModel.writeSettings(folder.resolve("maskless"), ToyModel.SPECIAL.subList(0, 4));
        Files.copy(model.resolve("model.safetensors"), folder.resolve("maskless/model.safetensors"));
        model = folder.resolve("maskless");
        String message =
                model + "/tokenizer.json: no mask token; name one with model.mask_token_id or model.mask_token";

        modelRefused(message);
        trainRefused(message, "model=" + model);
    }

    @Test
    void aMaskTokenThatTheTokenizerLacksIsRefused() {
        trainRefused(
                "model.mask_token: '[MASK]' is not a token of " + model + "/tokenizer.json; name a token of its"
                        + " vocabulary or give model.mask_token_id",
                "model.mask_token=\"[MASK]\"");
    }

    @Test
    void aMaskTokenThatTheModelLacksIsRefused() {
        trainRefused(
                "model.mask_token_id: must be below the model's vocabulary of 32, but got 811; name another token or"
                        + " use a model that has it",
                "model.mask_token_id=811");
    }

    @Test
    void aBrokenTokenizerIsNamedWithItsPlace() throws IOException {
        Files.writeString(model.resolve("tokenizer.json"), "{\"model\": {}");

        modelRefused(model + "/tokenizer.json:1:13: must be JSON, but Unexpected end-of-input: expected close marker"
                + " for Object; give a model folder with a whole tokenizer.json");
    }

    @Test
    void aTokenizerOfAnotherModelIsRefused() throws IOException {
        inConfig("vocab_size", "30");

        trainRefused(
                "data.train: the model knows 30 token ids, but the tokenizer makes id 31 of the rows; use the model's"
                        + " own tokenizer",
                "model.init=random");
    }

    @Test
    void aPromptThatLeavesNoRoomIsRefused() {
        refused(
                CommandRun.of("generate", "-m", model, "-p", "abcdefghij", "--length", 12),
                "generate: a canvas of 12 tokens must leave room for an answer, but the prompt takes 12 of them; raise"
                        + " the length or shorten the prompt");
        refused(
                CommandRun.of("generate", "-m", model, "-p", "abc"),
                "generate: the model has positions for 48 tokens, but the canvas has 256; ask for a shorter one");
        refused(
                CommandRun.of("infill", "-m", model, "--prefix", "ab", "--suffix", "cd", "--tokens", 0),
                "infill: the gap must have at least 1 token, not 0; ask for more tokens");
        refused(
                CommandRun.of("infill", "-m", model, "--prefix", "ab", "--suffix", "cd", "--tokens", 44),
                "infill: the model has positions for 48 tokens, but the canvas has 49; ask for a shorter one");
    }

    @Test
    void aPlanOfRowsLongerThanTheModelAllowsIsRefused() {
        refused(
                CommandRun.of("plan", recipe, "data.max_tokens=100"),
                "plan: the model has positions for 48 tokens, but the longest row may have 100; lower data.max_tokens,"
                        + " or say with --tokens how long it is");
        assertThat(CommandRun.of("plan", recipe, "data.max_tokens=100", "--tokens", 48)
                        .exitCode())
                .isZero();
    }

    @Test
    void anUnknownBackendIsNamedWithThoseThereAre() {
        trainRefused("backend.name must be one of [cpu, cuda, reference], not 'tpu'", "backend.name=tpu");
    }

    @Test
    void doctorTellsOfRefusedNativeAccess() throws Exception {
        try (ChildJvm child = ChildJvm.start(folder, List.of("--illegal-native-access=deny"), "doctor")) {
            CommandRun run = child.end();
            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).isEmpty();
            assertThat(run.out().lines())
                    .filteredOn(line -> line.contains("native access is not enabled for org.panamask; start java with"
                            + " --enable-native-access=ALL-UNNAMED"))
                    .hasSize(3);
        }
    }

    @Test
    void refusedNativeAccessNamesTheFlag() throws Exception {
        try (ChildJvm child =
                ChildJvm.start(folder, List.of("--illegal-native-access=deny"), "generate", "-m", model, "-p", "x")) {
            assertThat(child.end())
                    .isEqualTo(new CommandRun(
                            1,
                            "",
                            "native access is not enabled for org.panamask; start java with"
                                    + " --enable-native-access=ALL-UNNAMED" + System.lineSeparator()));
        }
    }
}
