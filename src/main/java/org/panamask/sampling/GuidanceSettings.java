package org.panamask.sampling;

import java.util.List;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Classifier-free guidance: away from what the model says without the prompt.
///
/// @param cfgScale how far; 0 for not at all
/// @param cfgKeepTokens given tokens that are not hidden in the pass without the prompt
public record GuidanceSettings(
        @Key(
                value = "0.0",
                doc = "guidance: logits are l0 + (cfg_scale + 1) * (l - l0), where l0 are those without the prompt; 0"
                        + " leaves l0 out")
        double cfgScale,

        @Key(value = "[]", doc = "given tokens that stay in the pass without the prompt: ids, eos, eot")
        List<String> cfgKeepTokens) {
    /// Checks the ranges and keeps its own copy.
    public GuidanceSettings {
        Require.notNegative("cfg_scale", cfgScale);
        cfgKeepTokens = TokenNames.checked("cfg_keep_tokens", cfgKeepTokens);
        Require.that(
                cfgKeepTokens.isEmpty() || cfgScale > 0,
                "cfg_keep_tokens must be empty unless cfg_scale is above 0, not " + cfgKeepTokens);
    }
}
