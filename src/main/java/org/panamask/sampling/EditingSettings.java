package org.panamask.sampling;

import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Whether open columns of a block can still change, as in LLaDA2.1.
///
/// @param editThreshold the probability above which another token takes a place; none for never
/// @param maxPostSteps steps in which a block without masks may still change
public record EditingSettings(
        @Key(
                doc = "let another token take the place of an open one of the block when its probability is above this,"
                        + " from 0 to 1; without this key open columns stay",
                aliases = @Alias("editing_threshold"))
        Optional<Double> editThreshold,

        @Key(
                value = "0",
                doc = "steps in which a block without masks may still change, while something does; SGLang takes 16",
                aliases = @Alias("max_post_edit_steps"))
        int maxPostSteps) {
    /// Checks the ranges.
    public EditingSettings {
        editThreshold.ifPresent(
                value -> Require.that(value >= 0 && value <= 1, "edit_threshold must be from 0 to 1, not " + value));
        Require.atLeast("max_post_steps", maxPostSteps, 0);
        Require.that(
                maxPostSteps == 0 || editThreshold.isPresent(),
                "max_post_steps must be 0 unless edit_threshold is set, not " + maxPostSteps);
    }
}
