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
            new Published("GPT-2", "gpt2", List.of("c_attn", "c_proj")));

    private record Published(String name, String file, List<String> targets) {
        ModelConfig config() {
            String resource = "models/" + file + ".json";
            try (InputStream in = PublishedModels.class.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new IllegalStateException("plan: the resource " + resource + " is missing from the jar");
                }
                return ModelConfig.parse(file + ".json", new String(in.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException failure) {
                throw new UncheckedIOException("plan: the resource " + resource + " could not be read", failure);
            }
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
        StringBuilder page = new StringBuilder("""
                # What a run needs

                `./panamask plan RECIPE.yaml` says what a run will hold and compute without loading a weight: it runs the
                code of a training step over shapes instead of numbers. `./panamask train` plans first, refuses what cannot
                fit into `backend.memory_limit` (or the machine's memory) and names the cheapest changes that make it fit,
                and takes the memory of its steps at once.

                The step that is planned is the largest there can be: whole micro-batches of the longest rows, every token
                masked. On the CPU the plan counts the packed forms of weights and the scratch memory of operations as well;
                it is within 5 % of the ledger's peak for the models of the tests.

                ## Well-known models on a device of 48 GB

                LoRA of rank 16 beside the attention maps in bf16, micro-batches of 8 rows of 1,024 tokens, 64 rows a step.
                Counted for a device that keeps each weight once. "Recomputed" is `train.recompute: true`, which keeps the
                input of each layer only. One step is given in PFLOP, 10^15 multiplications and additions, without
                recomputation. `./panamask plan --published` writes this page.

                | Model | Parameters | Trained | Weights | Adapter and optimizer | Activations | Total | Activations, recomputed | Total, recomputed | PFLOP a step |
                |---|---|---|---|---|---|---|---|---|---|
                """);
        MODELS.forEach(model -> row(model, page));
        return page.toString();
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
        cells.add(ByteSize.show(kept.owners().getOrDefault("adapter", 0L)
                + kept.owners().getOrDefault("optimizer", 0L)));
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
