package org.panamask.eval;

import org.panamask.config.Require;

/// How likelihood is measured. The result does not depend on the batch.
///
/// @param steps T, the number of times at which a diffusion model's rows are masked
/// @param seed of the masks, the same for every model, so that their differences can be paired
/// @param batch rows computed at once
public record NllSettings(int steps, long seed, int batch) {
    /// Checks the ranges.
    ///
    /// @throws org.panamask.config.SettingException if `steps` or `batch` is below 1
    public NllSettings {
        Require.atLeast("steps", steps, 1);
        Require.atLeast("batch", batch, 1);
    }
}
