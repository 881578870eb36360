package org.panamask.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// Low-rank adapters beside frozen weights: `y = W x + b + scale * B (A drop(x))`.
///
/// @param rank rows of A and columns of B
/// @param alpha numerator of the scale; twice the rank when left out
/// @param dropout the share of inputs to A that is dropped in training, in [0, 1)
/// @param targets last parts of the names of the layers that get adapters; `all` means every linear layer but the head
/// @param modulesToSave last parts of the names of modules that are trained whole and stored with the adapter
/// @param rankPattern ranks of layers that differ, by name or by a regular expression for the last parts of their names
/// @param alphaPattern alphas of layers that differ, in the same way
/// @param useRslora whether the scale is alpha / sqrt(rank) instead of alpha / rank
/// @param createNewAdapter whether adapters that the model is given are all merged into it and a new one is trained
/// @see <a href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</a>
public record LoraSettings(
        @Key(value = "8", doc = "rank of the adapters, at least 1")
        int rank,

        @Key(doc = "strength of the adapters, above 0; twice the rank when left out")
        Optional<Double> alpha,

        @Key(
                value = "0.0",
                doc = "share of the adapter inputs dropped in training, at least 0 and below 1; an adapter that goes on"
                        + " training keeps its own where this is 0")
        double dropout,

        @Key(
                value = "[all]",
                doc = "layers that get adapters, by the last part of their names, such as q_proj; all means every"
                        + " linear layer but the head")
        List<String> targets,

        @Key(
                value = "[]",
                doc = "modules trained whole and stored with the adapter, such as embed_tokens and lm_head for tokens"
                        + " the model never saw")
        List<String> modulesToSave,

        @Key(
                value = "{}",
                doc = "ranks of layers that differ from rank, by the last parts of their names or a regular expression"
                        + " for them, such as {down_proj: 4}; the first that matches counts")
        Map<String, Integer> rankPattern,

        @Key(value = "{}", doc = "alphas of layers that differ from alpha, named as in rank_pattern")
        Map<String, Double> alphaPattern,

        @Key(value = "false", doc = "scale by alpha / sqrt(rank) instead of alpha / rank")
        boolean useRslora,

        @Key(
                value = "false",
                doc = "merge all of model.adapter into the model and train a new adapter, instead of going on with the"
                        + " last one")
        boolean createNewAdapter) {

    /// Checks the ranges and keeps copies of the lists.
    public LoraSettings {
        Require.atLeast("rank", rank, 1);
        alpha.ifPresent(value -> Require.positive("alpha", value));
        Require.shareBelowOne("dropout", dropout);
        Require.that(!targets.isEmpty(), "targets must name at least one layer, such as q_proj, or all");
        targets.forEach(
                target -> Require.that(!target.isBlank(), "targets must name layers, such as q_proj, not empty text"));
        targets = List.copyOf(targets);
        modulesToSave.forEach(module -> Require.that(
                !module.isBlank(), "modules_to_save must name modules, such as embed_tokens, not empty text"));
        modulesToSave = List.copyOf(modulesToSave);
        rankPattern.forEach((name, number) -> Require.that(
                number >= 1, "rank_pattern must give ranks of at least 1, but gives " + name + " " + number));
        alphaPattern.forEach((name, number) -> Require.that(
                number > 0 && Double.isFinite(number),
                "alpha_pattern must give alphas above 0, but gives " + name + " " + number));
        rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
        alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    }

    /// Every key at its default.
    public static LoraSettings defaults() {
        return Settings.defaults(LoraSettings.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("rank", 16)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public LoraSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// Alpha, or twice the rank when it was left out.
    public double resolvedAlpha() {
        return alpha.orElse(2.0 * rank);
    }
}
