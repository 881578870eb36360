package org.panamask.sampling;

import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// How text is generated block by block, from left to right, as LLaDA, Dream and their engines do.
///
/// @param maxNewTokens tokens to generate after a prompt
/// @param steps denoising steps of all blocks together; as many as there are tokens to fill in when left out
/// @param blockSize columns of a block
/// @param seed of the random numbers
/// @param suppressMaskToken whether the mask token can never be chosen
/// @param exactSavings whether passes and rows are left out that cannot change the result
@Mode(value = "block", doc = "block by block, from left to right, as LLaDA, Dream and their engines do")
public record BlockSettings(
        @Key(
                value = "128",
                doc = "tokens to generate after a prompt, at least 1",
                aliases = {@Alias("gen_length"), @Alias("gen_len")})
        int maxNewTokens,

        @Key(
                doc = "denoising steps of all blocks together, at least 1, rounded up to a multiple of the blocks;"
                        + " without this key as many as there are tokens to fill in",
                aliases = @Alias("diffusion_steps"))
        Optional<Integer> steps,

        @Key(
                value = "32",
                doc = "columns of a block, at least 1; the last may be shorter, and max_new_tokens makes one window of"
                        + " all",
                aliases = @Alias("block_length"))
        int blockSize,

        @Key(value = "0", doc = "seed of the random numbers")
        long seed,

        @Key(value = "true", doc = "never choose the mask token itself")
        boolean suppressMaskToken,

        @Key(value = "true", doc = "leave passes and rows out that cannot change the result; false to compare")
        boolean exactSavings)
        implements SamplerSettings {
    /// Checks the ranges.
    public BlockSettings {
        Require.atLeast("max_new_tokens", maxNewTokens, 1);
        steps.ifPresent(count -> Require.atLeast("steps", count, 1));
        Require.atLeast("block_size", blockSize, 1);
    }

    /// Every key at its default.
    public static BlockSettings defaults() {
        return Settings.defaults(BlockSettings.class);
    }

    @Override
    public String summary() {
        return steps.map(count -> count + " steps").orElse("a step a token") + " in blocks of " + blockSize;
    }

    @Override
    public boolean revises() {
        return false;
    }

    @Override
    public int canvasLength(int prompt) {
        return prompt + maxNewTokens;
    }

    @Override
    public BlockSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }
}
