package org.panamask.bench;

import java.nio.file.Path;

/// What is compared.
enum WorkKind {
    /// One forward pass of 256 tokens with logits at every position.
    STEP,
    /// One optimizer step of an adapter on 8 rows of 256 tokens.
    TRAIN;

    /// The work on `model`, which it closes; files for the peer go to `folder`.
    Work open(BenchModel model, Path folder) {
        return switch (this) {
            case STEP -> new ForwardWork(model, folder);
            case TRAIN -> new TrainingWork(model, folder);
        };
    }
}
