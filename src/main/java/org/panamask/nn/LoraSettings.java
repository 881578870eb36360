package org.panamask.nn;

import java.util.List;
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
/// @param useRslora whether the scale is alpha / sqrt(rank) instead of alpha / rank
/// @see <a href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</a>
public record LoraSettings(
        @Key(value = "8", doc = "rank of the adapters, at least 1")
        int rank,

        @Key(doc = "strength of the adapters, above 0; twice the rank when left out")
        Optional<Double> alpha,

        @Key(value = "0.0", doc = "share of the adapter inputs dropped in training, at least 0 and below 1")
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

        @Key(value = "false", doc = "scale by alpha / sqrt(rank) instead of alpha / rank")
        boolean useRslora) {

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

    /// What the product B A is multiplied by.
    public double scale() {
        return useRslora ? resolvedAlpha() / Math.sqrt(rank) : resolvedAlpha() / rank;
    }
}
