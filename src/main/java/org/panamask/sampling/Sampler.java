package org.panamask.sampling;

import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.Passes;

/// Fills canvases in by unmasking, step by step. What becomes of a row does not depend on the others in its batch.
public sealed interface Sampler permits DdmSampler, BlockSampler {
    /// The sampler that `settings` ask for, with the random numbers of their seed.
    ///
    /// @param model the model
    /// @param passes where its passes run
    /// @param settings how to fill in
    /// @param tokens the ids with a meaning
    /// @param alignment which hidden state predicts a column
    static Sampler of(
            Denoiser model, Passes passes, SamplerSettings settings, SamplerTokens tokens, Alignment alignment) {
        return switch (settings) {
            case DdmSettings ddm -> new DdmSampler(model, passes, DdmSampler.Rule.of(ddm, tokens.mask(), alignment));
            case BlockSettings block ->
                new BlockSampler(
                        model, passes, new BlockSampler.Rule(block, tokens, alignment, new Noise(block.seed())));
        };
    }

    /// Fills in every free column of `input`; `listener` sees the canvases on the way.
    SamplerResult sample(SamplerInput input, SamplerListener listener);
}
