package org.panamask.train;

import java.time.Duration;
import org.panamask.config.ByteSize;
import org.panamask.config.Key;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.launch.RankTimes;

/// How several ranks train one model together; a process alone ignores it.
///
/// @param optimizer who keeps the state of the optimizer
/// @param bucket how many bytes of gradients are summed at once, as a size
/// @param startSeconds how long ranks wait for all of them to be there
/// @param stepSeconds how long ranks wait for each other in a step
public record RankSettings(
        @Key(
                value = "replicated",
                doc = "replicated: every rank keeps the whole state of the optimizer and updates every weight; sharded"
                        + " (ZeRO-1): each keeps and updates its share, and the new weights are gathered")
        Optimizer optimizer,

        @Key(value = "32MiB", doc = "gradients that are summed over the ranks at once, while others are still formed")
        String bucket,

        @Key(value = "300", doc = "seconds that ranks wait for all of them to be there, at least 1")
        int startSeconds,

        @Key(value = "1800", doc = "seconds that ranks wait for each other in a step before they give up, at least 1")
        int stepSeconds) {
    /// Who keeps the state of the optimizer.
    public enum Optimizer {
        /// Every rank, all of it.
        REPLICATED,
        /// Each rank its share.
        SHARDED
    }

    /// Checks the ranges.
    public RankSettings {
        Require.that(
                ByteSize.parse(bucket).filter(bytes -> bytes > 0).isPresent(),
                "bucket must be a size above 0 such as 32MiB, not '" + bucket + "'");
        Require.atLeast("start_seconds", startSeconds, 1);
        Require.atLeast("step_seconds", stepSeconds, 1);
    }

    /// Every key at its default.
    public static RankSettings defaults() {
        return Settings.defaults(RankSettings.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("optimizer", RankSettings.Optimizer.SHARDED)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public RankSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// The size of a bucket.
    long bucketBytes() {
        return ByteSize.parse(bucket).orElse(0L);
    }

    /// How long ranks wait for each other.
    public RankTimes times() {
        return new RankTimes(Duration.ofSeconds(startSeconds), Duration.ofSeconds(stepSeconds));
    }
}
