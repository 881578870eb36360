package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Precision;
import org.panamask.data.Truncation;
import org.panamask.data.ValSplit;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.text.ChatTemplate;

/// What recipes say.
class RecipeReaderTest extends WrittenRecipe {
    @Test
    void leftOutKeysHaveTheirDefaults() throws IOException {
        Recipe recipe = read(SMALLEST);
        Recipe expected = Recipe.of(folder.resolve("m"), folder.resolve("rows.jsonl"), folder.resolve("out"));
        assertThat(recipe)
                .isEqualTo(expected.with("data", expected.data().with("dataset_dir", folder.resolve("data"))));
        assertThat(recipe.objective()).isEqualTo(Objective.DdmSft.defaults());
        assertThat(Objective.DdmSft.defaults())
                .isEqualTo(new Objective.DdmSft(Optional.empty(), 1e-3, 1, LossNormalization.REFERENCE));
        assertThat(recipe.lora()).isEmpty();
        assertThat(recipe.train().learningRate()).isEqualTo(5e-5);
        assertThat(recipe.train().scheduler()).isEqualTo(TrainSettings.Scheduler.COSINE);
        assertThat(recipe.backend().memoryLimitBytes()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void everyKindOfValueIsRead() throws IOException {
        Recipe recipe = read("""
                model:
                  path: m
                  init: random
                  mask_token: "<|mask|>"
                  mask_token_id: null
                objective: {mode: ddm, epsilon: 1e-2, loss_normalization: token-bound, packing: false}
                lora:
                  rank: 16
                  alpha: 32
                  targets: [q_proj, v_proj]
                  rank_pattern: {q_proj: 4, "0.*proj": 2}
                  alpha_pattern: {v_proj: 1.5}
                  use_rslora: true
                data: {train: /abs/rows.jsonl, val_size: 0.05}
                train: {scheduler: constant_with_warmup, seed: 12345678901, step_count: floor}
                sample:
                  top_p: .9
                  choice: sample
                backend: {dtype: bf16, memory_limit: 8GiB}
                output: ../out
                """);
        assertThat(recipe.model().init()).isEqualTo(ModelSettings.Init.RANDOM);
        assertThat(recipe.model().maskToken()).contains("<|mask|>");
        assertThat(recipe.objective())
                .isEqualTo(new Objective.Ddm(Optional.empty(), 0.01, 10000, LossNormalization.TOKEN_BOUND, false));
        assertThat(recipe.lora())
                .contains(new LoraSettings(
                        16,
                        Optional.of(32.0),
                        0,
                        List.of("q_proj", "v_proj"),
                        List.of(),
                        Map.of("q_proj", 4, "0.*proj", 2),
                        Map.of("v_proj", 1.5),
                        true,
                        false));
        assertThat(recipe.lora().orElseThrow().rankPattern().keySet()).containsExactly("q_proj", "0.*proj");
        assertThat(recipe.data().train()).contains(Path.of("/abs/rows.jsonl"));
        assertThat(recipe.train().seed()).isEqualTo(12345678901L);
        assertThat(recipe.sample())
                .contains(DdmSettings.defaults().with("top_p", 0.9).with("choice", DdmSettings.Choice.SAMPLE));
        assertThat(recipe.backend().dtype()).isEqualTo(Precision.BF16);
        assertThat(recipe.backend().memoryLimitBytes()).isEqualTo(8L << 30);
        assertThat(recipe.output()).isEqualTo(folder.resolve("../out").normalize());
    }

    @Test
    void aModeStandsForItsDefaults() throws IOException {
        assertThat(read(SMALLEST + "objective: ar\nbackend: reference\n").objective())
                .isEqualTo(new Objective.Autoregressive(false));
    }

    @Test
    void groupsOfNumbersAreRead() throws IOException {
        assertThat(problems(SMALLEST + """
                lora:
                  rank_pattern: {q_proj: 4, v_proj: half}
                  alpha_pattern: 3
                """))
                .containsExactly(
                        "recipe.yaml:5: lora.rank_pattern.v_proj must be a whole number, but got 'half'",
                        "recipe.yaml:6: lora.alpha_pattern must be a group like {name: 0.5}, but got '3'");
        Files.writeString(file, SMALLEST + "lora: {rank_pattern: {q_proj: 4}}\n");
        Recipe recipe = RecipeReader.read(file, List.of("lora.rank_pattern.v_proj=2", "lora.alpha_pattern={a: 1}"));
        assertThat(recipe.lora().orElseThrow().rankPattern()).isEqualTo(Map.of("q_proj", 4, "v_proj", 2));
        assertThat(recipe.lora().orElseThrow().alphaPattern()).isEqualTo(Map.of("a", 1.0));
        assertThat(RecipeReader.parse(RecipeWriter.text(recipe), "again", folder))
                .isEqualTo(recipe);
    }

    @Test
    void onePathIsAListOfOne() throws IOException {
        assertThat(read("model: {path: m, adapter: a}\ndata: {train: r}\noutput: o\n")
                        .model()
                        .adapter())
                .containsExactly(folder.resolve("a"));
        Recipe two = read("model: {path: m, adapter: [a, /b]}\ndata: {train: r}\noutput: o\n");
        assertThat(two.model().adapter()).containsExactly(folder.resolve("a"), Path.of("/b"));
        assertThat(RecipeReader.parse(RecipeWriter.text(two), "again", folder)).isEqualTo(two);
    }

    @Test
    void dataSetsAreNamedAndTheirFolderIsBesideTheRecipe() throws IOException {
        Recipe recipe = read("""
                model: m
                output: o
                data: {dataset: [a, b], eval_dataset: [c], template: llama3, val_split: shuffle, truncation: balanced}
                """);
        assertThat(recipe.data().dataset()).containsExactly("a", "b");
        assertThat(recipe.data().evalDataset()).containsExactly("c");
        assertThat(recipe.data().datasetDir()).isEqualTo(folder.resolve("data"));
        assertThat(recipe.data().template()).contains(ChatTemplate.LLAMA3);
        assertThat(recipe.data().valSplit()).isEqualTo(ValSplit.SHUFFLE);
        assertThat(recipe.data().truncation()).isEqualTo(Truncation.BALANCED);
        assertThat(problems("model: m\noutput: o\ndata: {train: r, template: lama2}\n"))
                .containsExactly("recipe.yaml:3: data.template must be one of empty, default, alpaca, vicuna, chatml,"
                        + " llama2, llama3, qwen, mistral, phi, but got 'lama2', did you mean 'llama2'?");
    }

    @Test
    void overridesLieOverTheFile() throws IOException {
        Recipe recipe = read(
                SMALLEST,
                "train.learning_rate=1e-4",
                "lora.targets=[q_proj, v_proj]",
                "model.mask_token=M",
                "objective.mode=ddm",
                "output=there");
        assertThat(recipe.train().learningRate()).isEqualTo(1e-4);
        assertThat(recipe.lora()).contains(LoraSettings.defaults().with("targets", List.of("q_proj", "v_proj")));
        assertThat(recipe.model())
                .isEqualTo(ModelSettings.of(folder.resolve("m")).with("mask_token", Optional.of("M")));
        assertThat(recipe.objective()).isEqualTo(Objective.Ddm.defaults());
        assertThat(recipe.output()).isEqualTo(Path.of("there").toAbsolutePath());
        assertThat(read(SMALLEST + "lora: {rank: 4}\n", "lora=null").lora()).isEmpty();
    }

    @Test
    void presetsBindAndMissTheirFilesOnly() throws IOException {
        for (String name : Presets.names()) {
            assertThat(lines(() -> RecipeReader.readChecked(written(Presets.text(name)), List.of())))
                    .hasSize(2)
                    .allMatch(line -> line.contains("no such"));
        }
        Recipe pilot = read(Presets.text("keyvalue-pilot"));
        assertThat(pilot.train().microBatch() * pilot.train().accumulate()).isEqualTo(512);
        assertThat(pilot.train().stepCount()).isEqualTo(TrainSettings.StepCount.FLOOR);
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> Presets.text("x")))
                .hasMessage(
                        "preset: the name must be one of keyvalue-qa, keyvalue-pilot, diffullama-gsm-lora,"
                                + " diffugpt-gsm-full, diffugpt-medium-adapt, diffugpt-small-adapt, diffullama-adapt, but got 'x'");
    }
}
