package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Precision;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;

class FlatRecipeTest {
    /// Every key of the family, as the specification lists them.
    private static final String FAMILY = """
            model_name_or_path adapter_name_or_path checkpoint_dir flash_attn disable_gradient_checkpointing resize_vocab
            mask_token_id mask_token
            stage do_train do_eval do_predict finetuning_type lora_target lora_rank lora_alpha lora_dropout
            additional_target use_rslora create_new_adapter shift anneal_steps diffusion_steps logits_temp
            loss_normalization pad_as_target
            dataset eval_dataset dataset_dir template cutoff_len max_samples packing val_size preprocessing_num_workers
            dataloader_num_workers overwrite_cache tokenized_path streaming
            output_dir overwrite_output_dir logging_steps save_steps save_total_limit plot_loss report_to save_only_model
            per_device_train_batch_size gradient_accumulation_steps learning_rate num_train_epochs max_steps
            lr_scheduler_type warmup_steps warmup_ratio weight_decay adam_beta1 adam_beta2 adam_epsilon max_grad_norm
            fp16 bf16 pure_bf16 seed resume_from_checkpoint remove_unused_columns deepspeed ddp_timeout
            per_device_eval_batch_size eval_strategy eval_steps eval_nll""";

    private static final String SMALLEST = """
            model_name_or_path: m
            stage: ddm-sft
            dataset: rows
            output_dir: out
            """;
    private static final Path FOLDER = Path.of("/flat");

    private static FlatRecipe carry(String more) {
        return FlatRecipe.parse(SMALLEST + more, "flat.yaml", FOLDER);
    }

    private static Recipe recipe(String more) {
        return RecipeReader.parse(carry(more).text(), "nested.yaml", FOLDER);
    }

    private static List<String> problems(String text) {
        return catchThrowableOfType(RecipeException.class, () -> FlatRecipe.parse(text, "flat.yaml", FOLDER))
                .problems()
                .stream()
                .map(Object::toString)
                .toList();
    }

    private static List<String> notes(String more) {
        return carry(more).notes().stream()
                .filter(note -> note.fate() != FlatNote.Fate.LEFT_OUT)
                .map(FlatNote::toString)
                .toList();
    }

    @Test
    void everyKeyOfTheFamilyIsUnderstood() {
        assertThat(FlatRecipe.names()).doesNotHaveDuplicates().contains(FAMILY.split("\\s+"));
    }

    @Test
    void everyKeyBecomesOneThatThereIs() {
        List<String> known = RecipeReference.rows().stream()
                .map(RecipeReference.Row::key)
                .flatMap(key -> Stream.of(key, key.replaceFirst("\\..*", "")))
                .toList();
        assertThat(FlatRecipe.keys())
                .filteredOn(key -> !key.target().isEmpty())
                .extracting(FlatKey::target)
                .isSubsetOf(known);
        assertThat(FlatRecipe.keys())
                .allMatch(key -> !key.target().isEmpty() || !key.meaning().isEmpty());
    }

    @Test
    void thePageInDocsIsCurrent() throws IOException {
        assertThat(Path.of("docs/recipe-from.md"))
                .as("./panamask recipe --from-table > docs/recipe-from.md")
                .hasContent(FlatRecipe.markdown());
    }

    @Test
    void whatIsLeftOutHasTheirDefaults() {
        Recipe recipe = recipe("");

        assertThat(recipe.objective()).isEqualTo(new Objective.DdmSft(false, 1e-3, 10000, LossNormalization.REFERENCE));
        assertThat(recipe.lora()).contains(LoraSettings.defaults());
        assertThat(recipe.train())
                .isEqualTo(TrainSettings.defaults()
                        .with("scheduler", "linear")
                        .with("log_every", 500)
                        .with("save_every", 500)
                        .with("recompute", true)
                        .with("eval_batch", 8)
                        .with("step_count", "floor"));
        assertThat(carry("").notes().stream().map(FlatNote::toString))
                .contains(
                        "flat.yaml: shift: left out, so their default holds: false",
                        "flat.yaml: lr_scheduler_type: left out, so their default holds: linear",
                        "flat.yaml: step count: left out, so their default holds: train.step_count: floor, as their"
                                + " pinned trainer counts");
        assertThat(recipe("max_steps: 5\n").train().stepCount()).isEqualTo(TrainSettings.StepCount.CEIL);
    }

    @Test
    void theBlogsFileIsThePreset() {
        Recipe flat = recipe("""
                do_train: true
                finetuning_type: lora
                lora_target: q_proj,k_proj,v_proj,o_proj
                lora_rank: 16
                lora_alpha: 32
                lora_dropout: 0.1
                diffusion_steps: 64
                shift: true
                anneal_steps: 1
                learning_rate: 5.0e-5
                lr_scheduler_type: cosine
                warmup_steps: 10
                per_device_train_batch_size: 8
                gradient_accumulation_steps: 8
                bf16: yes
                weight_decay: 0.01
                flash_attn: fa2
                disable_gradient_checkpointing: false
                val_size: 0.05
                """);
        Recipe preset = RecipeReader.parse(Presets.text("keyvalue-qa"), "preset", FOLDER);

        assertThat(flat.objective()).isEqualTo(preset.objective());
        assertThat(flat.lora()).isEqualTo(preset.lora());
        assertThat(flat.sample()).isEqualTo(preset.sample());
        assertThat(flat.backend()).isEqualTo(preset.backend());
        assertThat(flat.train()
                        .with("log_every", 10)
                        .with("save_every", 0)
                        .with("eval_batch", 0)
                        .with("step_count", "ceil"))
                .isEqualTo(preset.train());
    }

    @Test
    void listsFlagsAndSwitchesAreCarried() {
        Recipe recipe = recipe("""
                adapter_name_or_path: a,b
                create_new_adapter: True
                additional_target: [embed_tokens]
                use_rslora: on
                mask_token_id: 811
                disable_gradient_checkpointing: true
                eval_dataset: x,y
                eval_strategy: steps
                save_strategy: "no"
                logging_steps: 7
                save_total_limit: 2
                overwrite_output_dir: true
                max_steps: -1
                eval_nll: true
                bf16: true
                fp16: false
                """);

        assertThat(recipe.model().adapter()).containsExactly(FOLDER.resolve("a"), FOLDER.resolve("b"));
        assertThat(recipe.lora())
                .contains(LoraSettings.defaults()
                        .with("create_new_adapter", true)
                        .with("modules_to_save", List.of("embed_tokens"))
                        .with("use_rslora", true));
        assertThat(recipe.model().maskTokenId()).contains(811);
        assertThat(recipe.train().recompute()).isFalse();
        assertThat(recipe.data().evalDataset()).containsExactly("x", "y");
        assertThat(recipe.train().evalEvery()).isEqualTo(7);
        assertThat(recipe.train().evalNll()).isTrue();
        assertThat(recipe.train().saveEvery()).isZero();
        assertThat(recipe.train().saveTotalLimit()).isEqualTo(2);
        assertThat(recipe.train().overwriteOutput()).isTrue();
        assertThat(recipe.train().maxSteps()).isZero();
        assertThat(recipe.backend().dtype()).isEqualTo(Precision.BF16);
    }

    @Test
    void fullTrainingOnDocumentsHasNoAdapter() {
        FlatRecipe carried = FlatRecipe.parse("""
                model_name_or_path: gpt2
                checkpoint_dir: there
                stage: ddm
                finetuning_type: full
                lora_rank: 8
                dataset: wiki
                packing: true
                output_dir: out
                """, "flat.yaml", FOLDER);
        Recipe recipe = RecipeReader.parse(carried.text(), "nested.yaml", FOLDER);

        assertThat(recipe.lora()).isEmpty();
        assertThat(recipe.objective())
                .isEqualTo(new Objective.Ddm(false, 1e-3, 10000, LossNormalization.REFERENCE, true));
        assertThat(recipe.model().path()).isEqualTo(FOLDER.resolve("there"));
        assertThat(recipe.model().tokenizer()).isEqualTo(Optional.of(FOLDER.resolve("gpt2")));
        assertThat(carried.notes().stream().map(FlatNote::toString))
                .contains("flat.yaml:5: lora_rank: accepted and ignored: finetuning_type is full");
    }

    @Test
    void whatCannotBeCarriedIsNamedWithItsReason() {
        assertThat(notes("""
                flash_attn: sdpa
                template: llama2
                packing: true
                resume_from_checkpoint: null
                pure_bf16: true
                finetuning_type: freeze
                streaming: false
                resize_vocab: true
                eval_strategy: epoch
                optim: sgd
                """))
                .containsExactly(
                        "flat.yaml:5: flash_attn: accepted and ignored: every backend has one attention, which keeps to"
                                + " the annealed mask; theirs drops it under fa2",
                        "flat.yaml:6: template: accepted with a warning: their ddm and ddm-sft apply none, whatever it"
                                + " says; data.template applies one to rows of several turns",
                        "flat.yaml:7: packing: accepted with a warning: their ddm-sft packs no rows, whatever it says;"
                                + " data.packing does",
                        "flat.yaml:9: pure_bf16: refused: trained weights are kept in f32; use bf16",
                        "flat.yaml:10: finetuning_type: refused: layers are not frozen one by one; take lora or full",
                        "flat.yaml:11: streaming: accepted and ignored: it asks for nothing",
                        "flat.yaml:12: resize_vocab: accepted with a warning: embeddings grow where mask_token is add,"
                                + " and only then",
                        "flat.yaml:13: eval_strategy: refused: validation runs every eval_steps steps, not every epoch",
                        "flat.yaml:14: optim: refused: the optimizer is AdamW with decoupled decay");
        assertThat(carry("use_dora: true\n").isWhole()).isFalse();
        assertThat(carry("use_dora: false\n").isWhole()).isTrue();
    }

    @Test
    void unknownKeysAndWrongValuesAreErrorsWithTheirLines() {
        assertThat(problems(SMALLEST + "lora_rnak: 3\nmy_key: 1\n"))
                .containsExactly(
                        "flat.yaml:5: unknown key 'lora_rnak', did you mean 'lora_rank'?",
                        "flat.yaml:6: unknown key 'my_key'; take it out if the run does without it");
        assertThat(problems("stage: sft\nshift: maybe\n"))
                .containsExactly(
                        "flat.yaml:1: model_name_or_path is missing",
                        "flat.yaml:1: dataset is missing",
                        "flat.yaml:1: output_dir is missing",
                        "flat.yaml:1: stage must be ddm or ddm-sft, but got 'sft'",
                        "flat.yaml:2: shift must be true or false, but got 'maybe'");
        assertThat(problems(SMALLEST + "learning_rate: fast\nlora_dropout: 2\nlr_scheduler_type: cosin\n"))
                .containsExactly(
                        "flat.yaml:5: train.learning_rate must be a number, but got 'fast'",
                        "flat.yaml:6: lora.dropout must be at least 0 and below 1, not 2.0",
                        "flat.yaml:7: train.scheduler must be one of cosine, linear, constant, constant_with_warmup, but"
                                + " got 'cosin', did you mean 'cosine'?");
        assertThat(problems("- a\n"))
                .containsExactly("flat.yaml:1: a flat recipe is lines such as 'stage: ddm-sft', but got a list");
        assertThat(problems(SMALLEST + "val_size: {a: 1}\n"))
                .containsExactly("flat.yaml:5: data.val_size must be a number, but got a group of keys");
    }

    @Test
    void presetsAreWhatTheyAreNamedAfter() {
        Recipe gsm = RecipeReader.parse(Presets.text("diffullama-gsm-lora"), "preset", FOLDER);
        assertThat(gsm.lora().orElseThrow().modulesToSave()).containsExactly("embed_tokens");
        assertThat(gsm.lora().orElseThrow().resolvedAlpha()).isEqualTo(32);
        Recipe medium = RecipeReader.parse(Presets.text("diffugpt-medium-adapt"), "preset", FOLDER);
        assertThat(medium.objective())
                .isEqualTo(new Objective.Ddm(true, 1e-3, 10000, LossNormalization.REFERENCE, true));
        assertThat(medium.model().addsMaskToken()).isTrue();
        assertThat(medium.train().maxSteps()).isEqualTo(160_000);
        Recipe adapt = RecipeReader.parse(Presets.text("diffullama-adapt"), "preset", FOLDER);
        assertThat(adapt.train().scheduler()).isEqualTo(TrainSettings.Scheduler.CONSTANT);
        assertThat(adapt.train().adamBeta2()).isEqualTo(0.95);
        assertThat(Presets.names())
                .allSatisfy(name -> assertThat(Presets.title(name)).hasSizeBetween(20, 140));
    }
}
