package org.panamask.sampling;

import java.util.Locale;
import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Whether passes take keys and values of some columns from passes before. A pass that does is approximate: what
/// stands in the cache was computed from another canvas.
///
/// @param cache what a pass inside a block is fed
/// @param cacheRefresh passes of a block after which everything is fed again
/// @param prefixLook columns before the block that are fed, for `vicinity`
/// @param afterLook columns behind the block that are fed, for `vicinity`
/// @param warmupSteps passes of a text before anything is taken from the cache, for `vicinity`
/// @param feedPrevious whether the column before a block is fed too where hidden states are shifted
/// @see <a href="https://arxiv.org/abs/2505.22618">Wu et al. 2025, Fast-dLLM</a>
/// @see <a href="https://arxiv.org/abs/2510.08666">Ma et al. 2025, dInfer, vicinity refresh</a>
public record CacheSettings(
        @Key(
                value = "none",
                doc = "keys and values that passes inside a block take from the pass that opened it: those before the"
                        + " block (prefix), those around it (dual), or those around its neighbourhood (vicinity);"
                        + " approximate, but for none",
                aliases = {
                    @Alias("cache_type"),
                    @Alias(
                            value = "use_cache",
                            meaning = {"none = none", "prefix = prefix", "dual = dual", "true = prefix", "false = none"
                            }),
                    @Alias(
                            value = "dual_cache",
                            meaning = {"true = dual"})
                })
        Kind cache,

        @Key(
                value = "0",
                doc = "passes of a block after which all columns are fed again; 1 is exact, 0 feeds them once a block",
                aliases = @Alias("cache_update_freq"))
        int cacheRefresh,

        @Key(doc = "columns before the block that cache vicinity feeds, at least 0; 16 when left out")
        Optional<Integer> prefixLook,

        @Key(doc = "columns behind the block that cache vicinity feeds, at least 0; 16 when left out")
        Optional<Integer> afterLook,

        @Key(doc = "passes of a text without a cache before cache vicinity takes from it, at least 0; 4 when left out")
        Optional<Integer> warmupSteps,

        @Key(
                value = "false",
                doc = "for models with shifted hidden states: feed the column before the block in every pass, instead"
                        + " of opening the block's first column at once")
        boolean feedPrevious) {
    private static final int LOOK = 16;
    private static final int WARMUP = 4;

    /// What a pass inside a block is fed.
    public enum Kind {
        /// Everything.
        NONE,
        /// The block and everything behind it.
        PREFIX,
        /// The block.
        DUAL,
        /// The block and its neighbours, whose keys and values count in that pass only.
        VICINITY
    }

    /// Checks the ranges, and that no key is set that another kind of cache has.
    public CacheSettings {
        Require.atLeast("cache_refresh", cacheRefresh, 0);
        belongs("prefix_look", prefixLook, cache);
        belongs("after_look", afterLook, cache);
        belongs("warmup_steps", warmupSteps, cache);
        Require.that(
                cache != Kind.NONE || cacheRefresh == 0 && !feedPrevious,
                "cache_refresh and feed_previous must not be set where cache is none");
    }

    private static void belongs(String key, Optional<Integer> value, Kind cache) {
        value.ifPresent(number -> {
            Require.atLeast(key, number, 0);
            Require.that(
                    cache == Kind.VICINITY,
                    key + " must not be set where cache is " + cache.name().toLowerCase(Locale.ROOT)
                            + "; it belongs to vicinity");
        });
    }

    /// Whether there is one.
    public boolean isOn() {
        return cache != Kind.NONE;
    }

    int before() {
        return cache == Kind.VICINITY ? prefixLook.orElse(LOOK) : 0;
    }

    int behind() {
        return cache == Kind.VICINITY ? afterLook.orElse(LOOK) : 0;
    }

    int warmup() {
        return cache == Kind.VICINITY ? warmupSteps.orElse(WARMUP) : 0;
    }
}
