package org.panamask.eval;

import org.panamask.config.Require;
import org.panamask.sampling.SamplerSettings;

/// How models generate. What becomes of a row does not depend on the batch.
///
/// @param sampler of diffusion models; next-token models always take the likeliest token
/// @param batch rows computed at once
public record GenerationSettings(SamplerSettings sampler, int batch) {
    /// Checks the range.
    ///
    /// @throws org.panamask.config.SettingException if `batch` is below 1
    public GenerationSettings {
        Require.atLeast("batch", batch, 1);
    }
}
