package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is wrong with recipes: all of it at once, each with its line and what to write instead.
class RecipeProblemsTest extends WrittenRecipe {
    @Test
    void everyProblemIsReportedAtOnceWithItsLine() throws IOException {
        assertThat(problems("""
                model: m
                objective:
                  epsilon: 2.0
                train:
                  micro_batch: eight
                  learning_rat: 1e-4
                  epochs: -1.0
                  adam_beta1: 1.0
                  scheduler: cosin
                data: {max_tokens: 0}
                trian: {}
                learning_rate: 1e-4
                sample: {forbid_mask_token: yes}
                output: out
                """))
                .containsExactly(
                        "recipe.yaml:3: objective.epsilon must be between 0 and 1, both excluded, not 2.0",
                        "recipe.yaml:5: train.micro_batch must be a whole number, but got 'eight'",
                        "recipe.yaml:6: unknown key 'learning_rat', did you mean 'learning_rate'?",
                        "recipe.yaml:7: train.epochs must be above 0, not -1.0",
                        "recipe.yaml:8: train.adam_beta1 must be at least 0 and below 1, not 1.0",
                        "recipe.yaml:9: train.scheduler must be one of cosine, linear, constant, constant_with_warmup,"
                                + " but got 'cosin', did you mean 'cosine'?",
                        "recipe.yaml:10: data.max_tokens must be at least 2, not 0",
                        "recipe.yaml:10: data.train must name a file of rows, or data.dataset data sets, but both are"
                                + " left out",
                        "recipe.yaml:11: unknown key 'trian', did you mean 'train'?",
                        "recipe.yaml:12: unknown key 'learning_rate', did you mean 'train.learning_rate'?",
                        "recipe.yaml:13: sample.forbid_mask_token must be true or false, but got 'yes'");
    }

    @Test
    void aMisspeltRequiredKeyIsNotAlsoMissing() throws IOException {
        assertThat(problems("modle: m\ndata: {train: r}\noutput: o\n"))
                .containsExactly("recipe.yaml:1: unknown key 'modle', did you mean 'model'?");
    }

    @Test
    void aKeyLikeNoOtherListsTheKnownOnes() throws IOException {
        assertThat(problems(SMALLEST + "backend: {xyzzy: 1}\n"))
                .containsExactly("recipe.yaml:4: unknown key 'xyzzy'; known here: name, dtype, threads, memory_limit,"
                        + " device, launch, products, tf32, attention, deterministic, profile");
    }

    @Test
    void anEmptyRecipeNamesWhatIsMissing() throws IOException {
        List<String> expected = List.of(
                "recipe.yaml:1: model.path is missing: model folder with config.json, weights and tokenizer, as Hugging"
                        + " Face lays it out",
                "recipe.yaml:1: data.train must name a file of rows, or data.dataset data sets, but both are left out",
                "recipe.yaml:1: output is missing: folder for everything the run writes");
        assertThat(problems("")).isEqualTo(expected);
        assertThat(problems("# nothing yet\n")).isEqualTo(expected);
    }

    @Test
    void modesAreNamed() throws IOException {
        assertThat(problems(SMALLEST + "objective: {mode: ddm_sft, packing: true}\n"))
                .containsExactly(
                        "recipe.yaml:4: objective.mode must be one of ddm-sft, ddm, mgdm, llada, dream, mdlm, ar, but got"
                                + " 'ddm_sft', did you mean 'ddm-sft'?");
        assertThat(problems(SMALLEST + "objective: {packing: true, anneal_steps: -1}\n"))
                .containsExactly(
                        "recipe.yaml:4: objective.packing is a key of mode ddm",
                        "recipe.yaml:4: objective.anneal_steps must be at least 0, not -1");
    }

    @Test
    void wrongShapesAreNamed() throws IOException {
        assertThat(problems("model: [a]\nlora: 16\ndata: {train: r}\ntrain: 3\noutput: {a: b}\n"))
                .containsExactly(
                        "recipe.yaml:1: model must be a group of keys, but got a list",
                        "recipe.yaml:2: lora must be a group of keys, but got '16'",
                        "recipe.yaml:4: train must be a group of keys, but got '3'",
                        "recipe.yaml:5: output must be a path, but got a group of keys");
        assertThat(problems("- model: m\n"))
                .containsExactly("recipe.yaml:1: a recipe is a group of keys such as 'model: DIR', but got a list");
    }

    @Test
    void valuesThatDoNotFitAreNamed() throws IOException {
        assertThat(problems(SMALLEST + """
                train:
                  micro_batch: "8"
                  accumulate: 99999999999
                  learning_rate: 1e999
                  epochs:
                lora: {targets: q_proj}
                """))
                .containsExactly(
                        "recipe.yaml:5: train.micro_batch must be a whole number, but got the text \"8\" in quotes",
                        "recipe.yaml:6: train.accumulate must be a whole number of at most 2147483647, but got"
                                + " '99999999999'",
                        "recipe.yaml:7: train.learning_rate must be a number that fits, but got '1e999'",
                        "recipe.yaml:8: train.epochs has no value; give one or leave the key out",
                        "recipe.yaml:9: lora.targets must be a list like [a, b], but got 'q_proj'");
    }

    @Test
    void keysOfOtherProgramsSayWhatToDo() throws IOException {
        assertThat(problems(SMALLEST + "stage: ddm-sft\ntrain: {save_steps: 5, fp16: true}\n"))
                .containsExactly(
                        "recipe.yaml:4: stage is not taken: it belongs to LLaMA-Factory's flat files, which"
                                + " panamask recipe --from FILE carries over",
                        "recipe.yaml:5: train.save_steps is not taken: it is called save_every here",
                        "recipe.yaml:5: train.fp16 is not taken: the number type is backend.dtype");
    }

    @Test
    void keysThatExcludeEachOtherAreNamed() throws IOException {
        assertThat(problems("model: {path: m, mask_token: a, mask_token_id: 3}\n"
                        + "data: {train: r, validation: v, val_size: 5}\noutput: o\n"))
                .containsExactly(
                        "recipe.yaml:1: model.mask_token must be left out when model.mask_token_id is given; keep one"
                                + " of the two",
                        "recipe.yaml:2: data.val_size must be 0 when data.validation names a file, not 5.0");
        assertThat(problems("model: m\noutput: o\n"
                        + "data: {train: r, dataset: [a], validation: v, eval_dataset: [b], packing: true}\n"))
                .containsExactly(
                        "recipe.yaml:3: data.eval_dataset must be left out when data.validation names a file; keep one"
                                + " of the two",
                        "recipe.yaml:3: data.packing must be false unless data.pad_as_target is false, because rows"
                                + " filled with padding leave no room",
                        "recipe.yaml:3: data.dataset must be left out when data.train names a file; keep one of the two");
        assertThat(problems("model: m\noutput: o\ndata: {dataset: [a], eval_dataset: [b], val_size: 0.5}\n"))
                .containsExactly(
                        "recipe.yaml:3: data.val_size must be 0 when data.eval_dataset names data sets, not 0.5");
    }

    @Test
    void keysThatOtherProgramsHaveAreRefusedWithAReason() throws IOException {
        assertThat(problems("model: m\noutput: o\ndata: {train: r, cutoff_len: 512, streaming: true}\n"))
                .containsExactly(
                        "recipe.yaml:3: data.cutoff_len is not taken: it is called max_tokens here",
                        "recipe.yaml:3: data.streaming is not taken: rows are read and kept in memory; leave it out");
        for (String key : List.of(
                "tokenized_path",
                "overwrite_cache",
                "dataloader_num_workers",
                "mix_strategy",
                "preprocessing_num_workers")) {
            assertThat(problems("model: m\noutput: o\ndata: {train: r, " + key + ": x}\n"))
                    .singleElement()
                    .asString()
                    .startsWith("recipe.yaml:3: data." + key + " is not taken: ");
        }
    }

    @Test
    void duplicateKeysAreRefused() throws IOException {
        assertThat(problems(SMALLEST + "train: {seed: 1}\n\ntrain: {seed: 2}\n"))
                .containsExactly("recipe.yaml:6: duplicate key 'train', first on line 4");
    }

    @Test
    void brokenYamlIsReportedWithItsLine() throws IOException {
        assertThat(problems("model: m\ntrain: {seed: 1\noutput: o\n"))
                .singleElement()
                .asString()
                .startsWith("recipe.yaml:3: this is not YAML: while parsing a flow mapping, expected ',' or '}'");
        assertThat(problems("train:\n\tseed: 1\n"))
                .containsExactly("recipe.yaml:2: this line is indented with a tab; YAML takes spaces only");
    }

    @Test
    void aliasesDepthAndSecondDocumentsAreRefused() throws IOException {
        assertThat(problems("a: &x [1]\nb: [*x, *x]\n"))
                .hasSize(2)
                .contains("recipe.yaml:2: aliases such as *x are not read in recipes; write the value out");
        assertThat(problems("a: " + "[".repeat(100_000)))
                .containsExactly("recipe.yaml:1: a recipe has at most 16 levels, but this goes deeper");
        assertThat(problems("a: 1\n---\nb: 2\n"))
                .containsExactly("recipe.yaml:2: a recipe is one document, but a second starts");
        assertThat(problems(SMALLEST + "train: {seed: !!python/name 1}\n"))
                .contains(
                        "recipe.yaml:4: the tag tag:yaml.org,2002:python/name means nothing in a recipe; leave it out");
    }

    @Test
    void filesThatAreNoRecipesAreRefused() throws IOException {
        Files.write(file, new byte[(1 << 20) + 1]);
        assertThat(refused())
                .isEqualTo("recipe.yaml: a recipe has at most 1.00 MiB, but this file has 1.00 MiB; is it the"
                        + " right file?");
        Files.write(file, new byte[] {'a', (byte) 0xff});
        assertThat(refused()).isEqualTo("recipe.yaml: a recipe is UTF-8 text, but this file is not; save it as UTF-8");
        Files.write(file, new byte[] {'a', 0, 7});
        assertThat(refused()).startsWith("recipe.yaml: this is not YAML: ");
        Files.delete(file);
        assertThat(refused())
                .isEqualTo("recipe.yaml: no such recipe: " + file + "; 'panamask recipe' lists the keys to write one");
        Files.createDirectory(file);
        assertThat(refused()).startsWith("recipe.yaml: this is a folder, not a recipe");
    }

    @Test
    void overridesAreCheckedLikeTheFile() throws IOException {
        assertThat(problems(
                        SMALLEST + "train: {epochs: x}\n",
                        "train.learning_rat=1e-4",
                        "train.micro_batch=0",
                        "train.seed=",
                        "fast"))
                .containsExactly(
                        "recipe.yaml:4: train.epochs must be a number, but got 'x'",
                        "fast: an override is key=value, such as train.learning_rate=1e-4",
                        "train.learning_rat=1e-4: unknown key 'learning_rat', did you mean 'learning_rate'?",
                        "train.seed=: train.seed has no value; give one or leave the key out",
                        "train.micro_batch=0: train.micro_batch must be at least 1, not 0");
    }

    @Test
    void missingFilesAreReportedTogether() throws IOException {
        Files.writeString(
                file,
                "output: recipe.yaml\nmodel: m\ndata:\n  train: /no/rows.jsonl\n  validation: .\n"
                        + "train: {epochs: 0}\n");
        assertThat(lines(() -> RecipeReader.readChecked(file, List.of("model.adapter=/no/adapter"))))
                .containsExactly(
                        "recipe.yaml:1: output must be a folder, but " + file + " is a file",
                        "recipe.yaml:2: model.path: no such folder: " + folder.resolve("m")
                                + "; relative paths start at the folder of recipe.yaml",
                        "recipe.yaml:4: data.train: no such file: /no/rows.jsonl",
                        "recipe.yaml:5: data.validation must be a file, but " + folder + " is a folder",
                        "recipe.yaml:6: train.epochs must be above 0, not 0.0",
                        "model.adapter=/no/adapter: model.adapter: no such folder: /no/adapter");
        Files.writeString(file, SMALLEST);
        Files.createDirectory(folder.resolve("m"));
        Files.createFile(folder.resolve("rows.jsonl"));
        assertThat(RecipeReader.readChecked(file, List.of()).output()).isEqualTo(folder.resolve("out"));
    }
}
