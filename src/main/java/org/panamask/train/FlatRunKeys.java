package org.panamask.train;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.panamask.config.Tree;
import org.panamask.train.FlatNote.Fate;

/// The flat keys of output, training and evaluation.
final class FlatRunKeys {
    private static final Set<String> ADAMW = Set.of("adamw_torch", "adamw_torch_fused", "adamw_hf");
    private static final String STRATEGY = "one of no, steps";

    private FlatRunKeys() {}

    static List<FlatKey> output() {
        return List.of(
                FlatKey.carried("output_dir", "output"),
                FlatModelKeys.truth("overwrite_output_dir", "train.overwrite_output", ""),
                FlatKey.carried("logging_steps", "train.log_every", "500", ""),
                FlatKey.ruled("save_strategy", "", "", "`epoch` is refused", FlatRunKeys::saving),
                FlatKey.ruled(
                        "save_steps",
                        "train.save_every",
                        "500",
                        "0 where save_strategy is no",
                        (reading, key, entry) -> {
                            if (saves(reading)) {
                                reading.set(key.target(), entry.value());
                            }
                        }),
                FlatKey.carried("save_total_limit", "train.save_total_limit"),
                FlatKey.ignored("plot_loss", "every run draws loss.svg"),
                FlatKey.ruled(
                        "report_to",
                        "",
                        "",
                        "ignored where none or tensorboard; others with a warning",
                        FlatRunKeys::reporting),
                FlatKey.ignored("run_name", "the output folder names a run"),
                FlatKey.ignored("logging_dir", "TensorBoard events are in the output folder"),
                FlatKey.ruled(
                        "save_only_model",
                        "",
                        "",
                        "ignored where true; checkpoints hold no optimizer state",
                        (reading, key, entry) -> FlatModelKeys.flag(reading, key, entry)
                                .ifPresent(on -> reading.note(
                                        on ? Fate.IGNORED : Fate.WARNED,
                                        key,
                                        entry,
                                        "checkpoints hold weights, not optimizer state"))));
    }

    private static boolean saves(FlatReading reading) {
        return reading.value("save_strategy")
                .map(tree -> !FlatKey.asksForNothing(tree))
                .orElse(true);
    }

    private static void saving(FlatReading reading, FlatKey key, Tree.Entry entry) {
        if (reading.has("save_strategy", "epoch")) {
            reading.note(Fate.REFUSED, key, entry, "checkpoints are saved every save_steps steps, not every epoch");
        } else if (!reading.has("save_strategy", "steps") && saves(reading)) {
            reading.wrong(key, entry, STRATEGY + ", epoch");
        }
    }

    private static void reporting(FlatReading reading, FlatKey key, Tree.Entry entry) {
        boolean none = FlatKey.asksForNothing(entry.value()) || reading.has("report_to", "tensorboard");
        reading.note(
                none ? Fate.IGNORED : Fate.WARNED,
                key,
                entry,
                "every run writes metrics.jsonl and TensorBoard events" + (none ? "" : ", and sends nothing anywhere"));
    }

    static List<FlatKey> train() {
        return List.of(
                FlatKey.carried("per_device_train_batch_size", "train.micro_batch"),
                FlatKey.carried("gradient_accumulation_steps", "train.accumulate"),
                FlatKey.carried("learning_rate", "train.learning_rate"),
                FlatKey.carried("num_train_epochs", "train.epochs"),
                FlatKey.ruled("max_steps", "train.max_steps", "", "-1 means none", (reading, key, entry) -> {
                    if (entry.value() instanceof Tree.Scalar scalar
                            && scalar.text().startsWith("-")) {
                        reading.note(Fate.IGNORED, key, entry, "below 0 it says nothing");
                    } else {
                        reading.set(key.target(), entry.value());
                    }
                }),
                FlatKey.carried("lr_scheduler_type", "train.scheduler", "linear", ""),
                FlatKey.carried("warmup_steps", "train.warmup_steps"),
                FlatKey.carried("warmup_ratio", "train.warmup_ratio"),
                FlatKey.carried("weight_decay", "train.weight_decay"),
                FlatKey.carried("adam_beta1", "train.adam_beta1"),
                FlatKey.carried("adam_beta2", "train.adam_beta2"),
                FlatKey.carried("adam_epsilon", "train.adam_epsilon"),
                FlatKey.carried("max_grad_norm", "train.max_grad_norm"),
                FlatKey.ruled("optim", "", "", "ignored where AdamW, else refused", (reading, key, entry) -> {
                    boolean adamw = entry.value() instanceof Tree.Scalar scalar && ADAMW.contains(scalar.text());
                    reading.note(
                            adamw ? Fate.IGNORED : Fate.REFUSED,
                            key,
                            entry,
                            "the optimizer is AdamW with decoupled decay");
                }),
                half("fp16", "f16"),
                half("bf16", "bf16"),
                FlatKey.refused("pure_bf16", "trained weights are kept in f32; use bf16"),
                FlatKey.carried("seed", "train.seed"),
                FlatKey.refused(
                        "resume_from_checkpoint",
                        "a run leaves weights, not optimizer state; name the checkpoint as adapter_name_or_path to go"
                                + " on from its weights"),
                FlatKey.ignored("remove_unused_columns", "which columns are prompt is never dropped"),
                FlatKey.warned(
                        "deepspeed", "several processes share the optimizer's state under ranks.optimizer: sharded"),
                FlatKey.warned("ddp_timeout", "ranks wait for each other as ranks.step_seconds says"),
                FlatKey.refused("neftune_noise_alpha", "embeddings get no noise"),
                FlatKey.refused("use_galore", "the optimizer is AdamW"),
                FlatKey.refused("use_badam", "the optimizer is AdamW"));
    }

    private static FlatKey half(String name, String dtype) {
        return FlatKey.ruled(name, "backend.dtype", "", "`" + dtype + "` where true", (reading, key, entry) -> {
            Optional<Boolean> on = FlatModelKeys.flag(reading, key, entry);
            if (on.equals(Optional.of(true)) && FlatReading.takes(key.target(), dtype)) {
                reading.set(key.target(), dtype, entry);
            } else if (on.equals(Optional.of(true))) {
                reading.note(
                        Fate.REFUSED, key, entry, "no backend computes in " + dtype + "; take bf16, or f32 without it");
            }
        });
    }

    static List<FlatKey> evaluation() {
        return List.of(
                FlatKey.carried("per_device_eval_batch_size", "train.eval_batch", "8", ""),
                strategy("eval_strategy"),
                strategy("evaluation_strategy"),
                FlatKey.ruled(
                        "eval_steps",
                        "train.eval_every",
                        "",
                        "where the strategy is steps; logging_steps when left out, as there",
                        (reading, key, entry) -> {
                            if (!validates(reading)) {
                                reading.note(Fate.IGNORED, key, entry, "eval_strategy is not steps");
                            }
                        }),
                FlatModelKeys.truth("eval_nll", "train.eval_nll", ""));
    }

    private static boolean validates(FlatReading reading) {
        return reading.has("eval_strategy", "steps") || reading.has("evaluation_strategy", "steps");
    }

    private static FlatKey strategy(String name) {
        return FlatKey.ruled(
                name,
                "train.eval_every",
                "",
                "`no` validates at the end, `epoch` is refused",
                (reading, key, entry) -> {
                    if (reading.has(name, "steps")) {
                        Optional<Tree> steps = reading.value("eval_steps").or(() -> reading.value("logging_steps"));
                        reading.set(
                                key.target(),
                                steps.orElse(new Tree.Scalar(
                                        "500", false, entry.value().place())));
                    } else if (reading.has(name, "epoch")) {
                        reading.note(
                                Fate.REFUSED, key, entry, "validation runs every eval_steps steps, not every epoch");
                    } else if (!FlatKey.asksForNothing(entry.value())) {
                        reading.wrong(key, entry, STRATEGY + ", epoch");
                    }
                });
    }
}
