package org.panamask.model;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftTargets;
import org.panamask.config.SettingException;
import org.panamask.nn.Linear;
import org.panamask.nn.LoraSettings;

/// An adapter that training goes on with, held against settings: they cannot change what it is.
///
/// @param model that it stands beside
/// @param config what its files say
/// @param folder where they are
record FurtherTraining(Model model, PeftConfig config, Path folder) {
    private static final LoraSettings DEFAULTS = LoraSettings.defaults();

    /// Refuses what `settings` say otherwise, key by key; a key at its default says nothing.
    ///
    /// @param settings what is asked for
    /// @param paths of the layers that have branches
    /// @param whole names of the weights that are trained whole
    void require(LoraSettings settings, List<String> paths, Set<String> whole) {
        AdapterLayout asked = AdapterLayout.of(model, settings);
        if (!settings.targets().equals(DEFAULTS.targets())) {
            Set<String> layers = asked.linears().stream().map(Linear::path).collect(Collectors.toSet());
            same("targets", shown(config.targets()), shown(settings.targets()), layers.equals(Set.copyOf(paths)));
        }
        paths.forEach(path -> requireScaling(settings, asked, path));
        if (settings.useRslora() != DEFAULTS.useRslora()) {
            boolean here = config.scaling().rankStabilised();
            same("use_rslora", here, settings.useRslora(), here == settings.useRslora());
        }
        if (!settings.modulesToSave().isEmpty()) {
            same(
                    "modules_to_save",
                    shown(config.modulesToSave()),
                    shown(settings.modulesToSave()),
                    asked.whole().keySet().equals(whole));
        }
    }

    private void requireScaling(LoraSettings settings, AdapterLayout asked, String path) {
        boolean ranked = asked.scaling().ranks().number(path).isPresent();
        if (ranked || settings.rank() != DEFAULTS.rank()) {
            int here = config.scaling().rank(path);
            int there = asked.scaling().rank(path);
            same((ranked ? "rank_pattern" : "rank") + " of " + path, here, there, here == there);
        }
        boolean scaled = asked.scaling().alphas().number(path).isPresent();
        if (scaled || settings.alpha().isPresent()) {
            double here = config.scaling().alpha(path);
            double there = asked.scaling().alpha(path);
            same((scaled ? "alpha_pattern" : "alpha") + " of " + path, here, there, here == there);
        }
    }

    private static String shown(Collection<String> names) {
        return new TreeSet<>(names).toString();
    }

    private static String shown(PeftTargets targets) {
        return switch (targets) {
            case PeftTargets.Names(Set<String> names) -> shown(names);
            case PeftTargets.Expression(String text) -> text;
            case PeftTargets.AllLinear() -> shown(DEFAULTS.targets());
        };
    }

    private void same(String what, Object here, Object asked, boolean same) {
        if (!same) {
            String key = "lora."
                    + Optional.of(what.indexOf(' '))
                            .filter(end -> end > 0)
                            .map(end -> what.substring(0, end))
                            .orElse(what);
            throw new SettingException("lora." + what + " must be " + here + " as in the adapter " + folder
                    + " that training goes on with, not " + asked + "; leave " + key
                    + " out, or set lora.create_new_adapter: true to merge that adapter and train a new one");
        }
    }
}
