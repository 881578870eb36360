package org.panamask.checkpoint;

import java.util.List;

/// What `adapter_config.json` says of a LoRA adapter.
///
/// @param scaling ranks and alphas
/// @param targets the modules with A and B
/// @param modulesToSave the modules that are stored whole: last parts of their paths, or whole paths
/// @param dropout the probability with which an input element of A is dropped in training
/// @param fanInFanOut whether the adapted weights are stored `[in, out]`, as GPT-2's are
/// @param baseModel the name or path of the model it was trained on; empty if not known
/// @param others the fields this record does not read, as a JSON object: kept, and written back as they were
public record PeftConfig(
        PeftScaling scaling,
        PeftTargets targets,
        List<String> modulesToSave,
        double dropout,
        boolean fanInFanOut,
        String baseModel,
        String others) {
    static final String FILE = "adapter_config.json";

    /// Checks the ranges.
    ///
    /// @throws CheckpointException if `dropout` is not a probability below 1
    public PeftConfig {
        modulesToSave = List.copyOf(modulesToSave);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new CheckpointException(
                    FILE + ": lora_dropout must be from 0 to below 1, but got " + dropout + "; correct it");
        }
    }

    /// An adapter over the modules named by `targets`, without dropout.
    public static PeftConfig of(PeftScaling scaling, List<String> targets) {
        return new PeftConfig(scaling, PeftTargets.Names.of(targets), List.of(), 0, false, "", "{}");
    }

    /// The same with modules stored whole.
    public PeftConfig withModulesToSave(List<String> modules) {
        return new PeftConfig(scaling, targets, modules, dropout, fanInFanOut, baseModel, others);
    }

    /// The same with dropout.
    public PeftConfig withDropout(double probability) {
        return new PeftConfig(scaling, targets, modulesToSave, probability, fanInFanOut, baseModel, others);
    }

    /// The same for weights stored `[in, out]`.
    public PeftConfig withFanInFanOut(boolean transposed) {
        return new PeftConfig(scaling, targets, modulesToSave, dropout, transposed, baseModel, others);
    }

    /// The same with the base model's name or path.
    public PeftConfig withBaseModel(String nameOrPath) {
        return new PeftConfig(scaling, targets, modulesToSave, dropout, fanInFanOut, nameOrPath, others);
    }

    PeftConfig with(PeftScaling otherScaling, PeftTargets otherTargets) {
        return new PeftConfig(otherScaling, otherTargets, modulesToSave, dropout, fanInFanOut, baseModel, others);
    }

    static String shortest(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15 ? Long.toString((long) number) : "" + number;
    }
}
