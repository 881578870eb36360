package org.panamask.sampling;

import java.util.Locale;
import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.sampling.OrderSettings.Algorithm;
import org.panamask.sampling.TransferSettings.Rule;

/// How text is generated block by block, from left to right, as LLaDA, Dream and their engines do.
///
/// @param maxNewTokens tokens to generate after a prompt
/// @param steps denoising steps of all blocks together; one for each token to fill in when left out
/// @param blockSize columns of a block
/// @param order which columns open first
/// @param transfer how many open in a step, or which
/// @param tokens which token a column gets
/// @param guidance away from what the model says without the prompt
/// @param stopping where an answer ends
/// @param editing whether open columns can change
/// @param cache whether passes take keys and values from passes before
/// @param soft whether masks carry what the pass before let expect
/// @param shiftLogits whether column i is predicted from the hidden state of column i - 1; the model's own when left
///     out
/// @param reference an engine whose counts and quirks are wanted
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
                        + " without this key every block takes a step for each of its masks",
                aliases = @Alias("diffusion_steps"))
        Optional<Integer> steps,

        @Key(
                value = "32",
                doc = "columns of a block, at least 1; the last may be shorter, and max_new_tokens makes one window of"
                        + " all",
                aliases = @Alias("block_length"))
        int blockSize,

        @Key(doc = "which columns open first", inline = true)
        OrderSettings order,

        @Key(doc = "how many open in a step, or which", inline = true)
        TransferSettings transfer,

        @Key(doc = "which token a column gets", inline = true)
        TokenSettings tokens,

        @Key(doc = "guidance", inline = true) GuidanceSettings guidance,

        @Key(doc = "where an answer ends", inline = true) StoppingSettings stopping,

        @Key(doc = "whether open columns can change", inline = true)
        EditingSettings editing,

        @Key(doc = "keys and values from passes before", inline = true)
        CacheSettings cache,

        @Key(doc = "masks that carry what the pass before let expect", inline = true)
        SoftSettings soft,

        @Key(
                doc = "predict column i from the hidden state of column i - 1; without this key as the model does",
                aliases = {@Alias("right_shift_logits"), @Alias("logit_shift")})
        Optional<Boolean> shiftLogits,

        @Key(
                value = "none",
                doc = "for comparison runs: the counts and quirks of another engine (llada, dream, fastdllm, dllm,"
                        + " dinfer), whose rows may depend on their batch and whose texts may hold mask tokens")
        Reference reference,

        @Key(value = "true", doc = "leave passes and rows out that cannot change the result; false to compare")
        boolean exactSavings)
        implements SamplerSettings {
    /// Checks the ranges, and that the keys go together.
    public BlockSettings {
        Require.atLeast("max_new_tokens", maxNewTokens, 1);
        steps.ifPresent(count -> Require.atLeast("steps", count, 1));
        Require.atLeast("block_size", blockSize, 1);
        Rule rule = transfer.rule();
        String name = rule.name().toLowerCase(Locale.ROOT);
        Algorithm alg = order.alg();
        Require.that(
                alg != Algorithm.ORIGIN || rule == Rule.AUTO || rule.hasShares(),
                "alg must not be origin where transfer is " + name
                        + "; it needs timestep, alpha_linear or alpha_cosine");
        boolean judged = !rule.isCounted() && rule != Rule.AUTO;
        Require.that(
                !judged || alg.isTokenProbability() || rule == Rule.ENTROPY_BOUND && alg == Algorithm.ENTROPY,
                "alg must be low_confidence where transfer is " + name + ", not "
                        + alg.name().toLowerCase(Locale.ROOT));
        Require.that(
                !judged || order.algTemp() == 0,
                "alg_temp must be 0 where transfer is " + name + ", not " + order.algTemp());
        Require.that(
                editing.editThreshold().isEmpty() || rule == Rule.THRESHOLD,
                "edit_threshold must not be set unless transfer is threshold, but it is " + name);
        Require.that(
                soft.thresholdDecay() == 0 || rule == Rule.THRESHOLD,
                "threshold_decay must be 0 unless transfer is threshold, but it is " + name);
        Require.that(
                !cache.isOn() || reference != Reference.LLADA,
                "cache must be none where reference is llada, which fills in columns before the block as well");
    }

    /// Every key at its default.
    public static BlockSettings defaults() {
        return Settings.defaults(BlockSettings.class);
    }

    @Override
    public long seed() {
        return tokens.seed();
    }

    @Override
    public String summary() {
        return steps.map(count -> count + " steps").orElse("a step a token") + " in blocks of " + blockSize;
    }

    @Override
    public boolean revises() {
        return editing.editThreshold().isPresent();
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
