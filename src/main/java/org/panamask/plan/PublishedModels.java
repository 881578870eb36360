package org.panamask.plan;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.config.ByteSize;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.MemoryModel;
import org.panamask.train.Recipe;

/// What the published fine-tuning takes with well-known models, as a page: LoRA of rank 16 beside the attention maps,
/// micro-batches of 8 rows of 1,024 tokens, 64 rows a step, in bf16.
public final class PublishedModels {
    /// 48 GB, as cards such as the L40S are sold with.
    private static final long DEVICE_BYTES = 48_000_000_000L;

    private static final int TOKENS = 1024;

    private static final List<Published> MODELS = List.of(
            new Published("Llama-2-7B", "llama-2-7b", List.of("q_proj", "k_proj", "v_proj", "o_proj")),
            new Published("Llama-3-8B", "llama-3-8b", List.of("q_proj", "k_proj", "v_proj", "o_proj")),
            new Published("Qwen2.5-7B", "qwen2.5-7b", List.of("q_proj", "k_proj", "v_proj", "o_proj")),
            new Published("Dream-7B", "dream-7b", List.of("q_proj", "k_proj", "v_proj", "o_proj")),
            new Published("LLaDA-8B", "llada-8b", List.of("q_proj", "k_proj", "v_proj", "attn_out")),
            new Published("iLLaDA-8B", "illada-8b", List.of("q_proj", "k_proj", "v_proj", "attn_out")),
            new Published("GPT-2", "gpt2", List.of("c_attn", "c_proj")));

    private record Published(String name, String file, List<String> targets) {
        ModelConfig config() {
            return ModelConfig.parse(file + ".json", resource("models/" + file + ".json"));
        }

        Recipe recipe() {
            Recipe plain = Recipe.of(Path.of(file), Path.of("rows.jsonl"), Path.of("run"));
            return plain.with(
                            "lora",
                            LoraSettings.defaults()
                                    .with("rank", 16)
                                    .with("dropout", 0.1)
                                    .with("targets", targets))
                    .with("backend", plain.backend().with("dtype", Precision.BF16))
                    .with("train", plain.train().with("micro_batch", 8).with("accumulate", 8));
        }
    }

    private PublishedModels() {}

    /// The page `docs/plan.md`.
    public static String markdown() {
        StringBuilder page = new StringBuilder(resource("page.md"));
        MODELS.forEach(model -> row(model, page));
        return page.toString();
    }

    private static String resource(String name) {
        try (InputStream in = PublishedModels.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("plan: the resource " + name + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("plan: the resource " + name + " could not be read", failure);
        }
    }

    private static void row(Published model, StringBuilder page) {
        ModelConfig config = model.config();
        Recipe recipe = model.recipe();
        MemoryPlan kept = MemoryPlan.of(recipe, config, MemoryModel.PLAIN, TOKENS);
        MemoryPlan recomputed = MemoryPlan.of(
                recipe.with("train", recipe.train().with("recompute", true)), config, MemoryModel.PLAIN, TOKENS);
        List<String> cells = new ArrayList<>();
        cells.add(model.name());
        cells.add(String.format(Locale.ROOT, "%,d", kept.parameters() - kept.trained()));
        cells.add(String.format(Locale.ROOT, "%,d", kept.trained()));
        cells.add(ByteSize.show(kept.owners().getOrDefault("weights", 0L)));
        cells.add(ByteSize.show(
                kept.owners().getOrDefault("adapter", 0L) + kept.owners().getOrDefault("optimizer", 0L)));
        cells.add(ByteSize.show(kept.arena()));
        cells.add(fitting(kept.total()));
        cells.add(ByteSize.show(recomputed.arena()));
        cells.add(fitting(recomputed.total()));
        cells.add(String.format(Locale.ROOT, "%.2f", kept.totalFlops() / 1e15));
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String fitting(long total) {
        return ByteSize.show(total) + (total <= DEVICE_BYTES ? ", fits" : ", does not fit");
    }
}
