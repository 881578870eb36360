package org.panamask.sampling;

/// Engines whose own counts and quirks a comparison run can ask for.
public enum Reference {
    /// No other engine: rows are independent, and what engines do by mistake is not done.
    NONE,
    /// ML-GSAI/LLaDA, generate.py: a block ends with its steps, and masks in the prompt and in earlier blocks
    /// compete with it.
    LLADA,
    /// DreamLM/Dream, generation_utils.py: counts come from the mean number of masks in the batch.
    DREAM,
    /// NVlabs/Fast-dLLM, generate.py and generation_utils.py.
    FASTDLLM,
    /// ZHZisZZ/dllm, core/samplers/mdlm.py: counts come from a noise schedule, and steps are shared out over the
    /// blocks of the longest row.
    DLLM,
    /// inclusionAI/dInfer, decoding/parallel_strategy.py: thresholds bend to the surest candidate, and an end token
    /// fills the blocks behind its own.
    DINFER
}
