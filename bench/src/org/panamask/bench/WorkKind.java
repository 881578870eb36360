package org.panamask.bench;

import java.nio.file.Path;

/// What is compared.
enum WorkKind {
    /// One forward pass of 256 tokens with logits at every position.
    STEP,
    /// One optimizer step of an adapter on 8 rows of 256 tokens.
    TRAIN,
    /// 128 tokens after a prompt of 64, in 64 steps, as DiffuLLaMA does.
    GENERATE,
    /// The same in blocks of 32, as LLaDA does.
    LLADA;

    /// Repetitions until times are steady: the loops in Java are compiled after some thousand runs of them, which
    /// is twenty forwards. A training step and a generation warm themselves up.
    int warmups() {
        return switch (this) {
            case STEP -> 25;
            case TRAIN -> 2;
            case GENERATE, LLADA -> 1;
        };
    }

    /// The work on `model`, which it closes; files for the peer go to `folder`.
    Work open(BenchModel model, Path folder) {
        return switch (this) {
            case STEP -> new ForwardWork(model, folder);
            case TRAIN -> new TrainingWork(model, folder);
            case GENERATE -> GenerationWork.ddm(model, folder);
            case LLADA -> GenerationWork.llada(model, folder);
        };
    }
}
