package org.panamask.train;

import java.util.List;
import java.util.Optional;
import org.panamask.config.Tree;
import org.panamask.train.FlatNote.Fate;

/// The flat keys of model, method and data.
final class FlatModelKeys {
    private static final String FULL = "ignored where finetuning_type is full";

    private FlatModelKeys() {}

    static List<FlatKey> model() {
        return List.of(
                FlatKey.ruled(
                        "model_name_or_path",
                        "model.path",
                        "",
                        "a local folder, nothing is downloaded; becomes `model.tokenizer` beside checkpoint_dir",
                        (reading, key, entry) -> reading.set(
                                reading.value("checkpoint_dir").isPresent() ? "model.tokenizer" : key.target(),
                                entry.value())),
                FlatKey.list("adapter_name_or_path", "model.adapter", "", "all but the last are merged"),
                FlatKey.ruled(
                        "checkpoint_dir",
                        "model.path",
                        "",
                        "the folder needs a config.json of its own",
                        (reading, key, entry) -> {
                            reading.set(key.target(), entry.value());
                            reading.note(
                                    Fate.WARNED,
                                    key,
                                    entry,
                                    "its weights are checked against the config.json beside them; copy that of"
                                            + " model_name_or_path if there is none");
                        }),
                FlatKey.ruled(
                        "flash_attn",
                        "",
                        "",
                        "ignored: every backend has one attention, which keeps to the annealed mask",
                        FlatModelKeys::attention),
                FlatKey.ruled(
                        "disable_gradient_checkpointing",
                        "train.recompute",
                        "false",
                        "the other way around",
                        (reading, key, entry) -> flag(reading, key, entry)
                                .ifPresent(off -> reading.set(key.target(), String.valueOf(!off), entry))),
                FlatKey.ruled(
                        "resize_vocab",
                        "",
                        "",
                        "ignored beside `mask_token: add`, which makes room for its token; else with a warning",
                        FlatModelKeys::resizing),
                FlatKey.carried("mask_token_id", "model.mask_token_id"),
                FlatKey.carried("mask_token", "model.mask_token"),
                FlatKey.refused("quantization_bit", "weights are f32, bf16 or f16, not quantised"),
                FlatKey.refused("quantization_method", "weights are f32, bf16 or f16, not quantised"),
                FlatKey.refused("rope_scaling", "positions are those of the model's config.json"),
                FlatKey.ignored("trust_remote_code", "no code is read from model folders"),
                FlatKey.refused("use_unsloth", "there is one way to compute a model"));
    }

    private static void resizing(FlatReading reading, FlatKey key, Tree.Entry entry) {
        flag(reading, key, entry).ifPresent(on -> {
            boolean harmless = !on || reading.has("mask_token", "add");
            reading.note(
                    harmless ? Fate.IGNORED : Fate.WARNED,
                    key,
                    entry,
                    "embeddings grow where mask_token is add" + (harmless ? "" : ", and only then"));
        });
    }

    private static void attention(FlatReading reading, FlatKey key, Tree.Entry entry) {
        if (entry.value() instanceof Tree.Scalar scalar
                && List.of("auto", "disabled", "sdpa", "fa2").contains(scalar.text())) {
            reading.note(
                    Fate.IGNORED,
                    key,
                    entry,
                    "every backend has one attention, which keeps to the annealed mask; theirs drops it under fa2");
        } else {
            reading.wrong(key, entry, "one of auto, disabled, sdpa, fa2");
        }
    }

    static List<FlatKey> method() {
        return List.of(
                FlatKey.ruled("stage", "objective.mode", "", "ddm and ddm-sft only", (reading, key, entry) -> {
                    if (reading.has("stage", "ddm") || reading.has("stage", "ddm-sft")) {
                        reading.set(key.target(), entry.value());
                    } else {
                        reading.wrong(key, entry, "ddm or ddm-sft");
                    }
                }),
                FlatKey.ruled(
                        "do_train",
                        "",
                        "",
                        "ignored where true: `panamask train` trains",
                        (reading, key, entry) -> flag(reading, key, entry)
                                .ifPresent(on -> reading.note(
                                        on ? Fate.IGNORED : Fate.WARNED,
                                        key,
                                        entry,
                                        on ? "panamask train trains" : "panamask train trains whatever it says"))),
                FlatKey.ignored("do_eval", "a run validates wherever the recipe keeps validation rows"),
                FlatKey.refused("do_predict", "train predicts nothing; use panamask generate or eval on the result"),
                FlatKey.ruled(
                        "finetuning_type",
                        "lora",
                        "lora",
                        "`lora` makes the group lora, `full` leaves it out, `freeze` is refused",
                        FlatModelKeys::tuning),
                ifLora(FlatKey.list("lora_target", "lora.targets", "all", "")),
                ifLora(FlatKey.carried("lora_rank", "lora.rank", "", "")),
                ifLora(FlatKey.carried("lora_alpha", "lora.alpha", "", "")),
                ifLora(FlatKey.carried("lora_dropout", "lora.dropout", "", "")),
                ifLora(FlatKey.list("additional_target", "lora.modules_to_save", "", "")),
                ifLora(truth("use_rslora", "lora.use_rslora", "")),
                ifLora(truth("create_new_adapter", "lora.create_new_adapter", "")),
                FlatKey.refused("use_dora", "adapters are plain LoRA"),
                FlatKey.refused("pissa_init", "adapters start at no change"),
                FlatKey.refused("loraplus_lr_ratio", "A and B have one learning rate"),
                FlatKey.refused("freeze_trainable_layers", "layers are not frozen one by one"),
                FlatKey.refused("freeze_trainable_modules", "layers are not frozen one by one"),
                truth("shift", "objective.shift", "false"),
                FlatKey.carried("anneal_steps", "objective.anneal_steps", "10000", ""),
                FlatKey.carried("loss_normalization", "objective.loss_normalization"),
                FlatKey.carried("diffusion_steps", "sample.steps"),
                FlatKey.carried("logits_temp", "sample.temperature"),
                truth("pad_as_target", "data.pad_as_target", ""));
    }

    private static void tuning(FlatReading reading, FlatKey key, Tree.Entry entry) {
        if (reading.has("finetuning_type", "freeze")) {
            reading.note(Fate.REFUSED, key, entry, "layers are not frozen one by one; take lora or full");
        } else if (reading.value("finetuning_type").isPresent()
                && !reading.has("finetuning_type", "lora")
                && !reading.has("finetuning_type", "full")) {
            reading.wrong(key, entry, "lora, full or freeze");
        }
    }

    private static FlatKey ifLora(FlatKey key) {
        String meaning = key.meaning().isEmpty() ? FULL : key.meaning() + "; " + FULL;
        return FlatKey.ruled(key.name(), key.target(), key.theirs(), meaning, (reading, taken, entry) -> {
            if (!reading.has("finetuning_type", "full")) {
                key.rule().take(reading, taken, entry);
            } else if (reading.value(key.name()).isPresent()) {
                reading.note(Fate.IGNORED, taken, entry, "finetuning_type is full");
            }
        });
    }

    static FlatKey truth(String name, String target, String theirs) {
        return FlatKey.ruled(
                name,
                target,
                theirs,
                "",
                (reading, key, entry) -> flag(reading, key, entry)
                        .ifPresent(on -> reading.set(key.target(), String.valueOf(on), entry)));
    }

    /// The truth value of a key; anything else is reported.
    static Optional<Boolean> flag(FlatReading reading, FlatKey key, Tree.Entry entry) {
        Optional<Boolean> flag = FlatKey.flag(entry.value());
        if (flag.isEmpty()) {
            reading.wrong(key, entry, "true or false");
        }
        return flag;
    }

    static List<FlatKey> data() {
        return List.of(
                FlatKey.list("dataset", "data.dataset", "", ""),
                FlatKey.list("eval_dataset", "data.eval_dataset", "", ""),
                FlatKey.carried("dataset_dir", "data.dataset_dir"),
                FlatKey.ruled(
                        "template",
                        "",
                        "",
                        "ignored: their stages apply none; `data.template` is for rows of several turns",
                        FlatModelKeys::template),
                FlatKey.carried("cutoff_len", "data.max_tokens"),
                FlatKey.carried("max_samples", "data.max_samples"),
                FlatKey.ruled(
                        "packing",
                        "objective.packing",
                        "false",
                        "for ddm; ignored with a warning for ddm-sft, which packs nothing there; see `data.packing`",
                        FlatModelKeys::packing),
                FlatKey.carried("val_size", "data.val_size", "", "the last rows, as there"),
                FlatKey.carried("preprocessing_num_workers", "data.workers"),
                FlatKey.ignored("dataloader_num_workers", "batches are cut from rows in memory"),
                FlatKey.ignored("overwrite_cache", "there is no cache of tokenised rows"),
                FlatKey.ignored("tokenized_path", "rows are tokenised anew for each run"),
                FlatKey.refused("streaming", "rows are read and kept in memory; bound them with max_samples"),
                FlatKey.refused("mix_strategy", "data sets are read one behind the other"));
    }

    private static void template(FlatReading reading, FlatKey key, Tree.Entry entry) {
        boolean empty = reading.has("template", "empty");
        reading.note(
                empty ? Fate.IGNORED : Fate.WARNED,
                key,
                entry,
                empty
                        ? "ddm and ddm-sft apply none"
                        : "their ddm and ddm-sft apply none, whatever it says; data.template applies one to rows of"
                                + " several turns");
    }

    private static void packing(FlatReading reading, FlatKey key, Tree.Entry entry) {
        Optional<Boolean> packs = flag(reading, key, entry);
        if (reading.has("stage", "ddm")) {
            packs.ifPresent(on -> reading.set(key.target(), String.valueOf(on), entry));
        } else if (reading.value("packing").isPresent()) {
            boolean on = packs.orElse(false);
            reading.note(
                    on ? Fate.WARNED : Fate.IGNORED,
                    key,
                    entry,
                    on
                            ? "their ddm-sft packs no rows, whatever it says; data.packing does"
                            : "ddm-sft packs no rows unless data.packing says so");
        }
    }
}
