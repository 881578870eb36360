package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.BackendSettings;
import org.panamask.data.DataSettings;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.sampling.DdmSettings;

class RecipeWriterTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenReadsBackTheSame() {
        Recipe defaults = Recipe.of(folder.resolve("m"), folder.resolve("rows.jsonl"), folder.resolve("out"));
        Recipe full = new Recipe(
                ModelSettings.of(folder.resolve("a model: 1"))
                        .with("init", "random")
                        .with("mask_token", "<|\"mask\"\\\n\u2028é|>")
                        .with("adapter", folder.resolve("adapter"))
                        .with("tokenizer", folder.resolve("yes")),
                new Objective.Ddm(false, 1.25e-7, 0, LossNormalization.TOKEN_BOUND, false),
                Optional.of(LoraSettings.defaults().with("alpha", 3e10).with("targets", List.of("null", "1", "a, b"))),
                DataSettings.of(folder.resolve("#rows")).with("val_size", 0.1),
                TrainSettings.defaults().with("learning_rate", 3e-5).with("seed", Long.MIN_VALUE),
                Optional.of(DdmSettings.defaults().with("order", DdmSettings.Order.RANDOM)),
                BackendSettings.defaults().with("memory_limit", "1.5 GiB"),
                RankSettings.defaults().with("optimizer", RankSettings.Optimizer.SHARDED),
                folder.resolve("out"));
        for (Recipe recipe : List.of(
                defaults,
                full,
                defaults.with("objective", new Objective.Autoregressive(true)),
                defaults.with("objective", LladaObjective.defaults().with("loss_norm_type", "token_bound")),
                defaults.with("objective", DreamObjective.defaults().with("time_reweighting", "cart")),
                defaults.with("objective", MdlmObjective.defaults().with("scheduler", "cosine")))) {
            RecipeWriter.write(recipe, folder.resolve("resolved.yaml"));
            assertThat(RecipeReader.read(folder.resolve("resolved.yaml"), List.of()))
                    .isEqualTo(recipe);
        }
    }

    @Test
    void everyKeyIsWritten() {
        String text = RecipeWriter.text(Recipe.of(Path.of("/m"), Path.of("/rows.jsonl"), Path.of("/out")));
        assertThat(text).startsWith("""
                        # Every key of this run, defaults included. 'panamask recipe' explains them.
                        model:
                          path: /m
                          init: pretrained
                          # mask_token_id: not set
                        """).contains("""
                        objective:
                          mode: ddm-sft
                          # shift: not set
                          epsilon: 0.001
                          anneal_steps: 1
                          loss_normalization: reference
                        # lora: not set
                        data:
                          train: /rows.jsonl
                        """).contains("  learning_rate: 5e-5\n", "  adam_epsilon: 1e-8\n");
    }
}
