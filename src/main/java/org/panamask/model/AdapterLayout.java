package org.panamask.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.checkpoint.ModulePatterns;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftScaling;
import org.panamask.config.Nearest;
import org.panamask.config.SettingException;
import org.panamask.nn.Linear;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.LoraTargets;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// What a new adapter of a model is made of, before any of its weights exist.
///
/// @param linears the linear maps that get branches
/// @param scaling the rank and strength of each
/// @param whole names of the weights that are trained whole, with their shapes
/// @param config what its files will say
public record AdapterLayout(List<Linear> linears, PeftScaling scaling, Map<String, Shape> whole, PeftConfig config) {
    /// What `settings` mean for `model`.
    ///
    /// @throws SettingException if a target or a pattern names no layer, or a module to save cannot be trained
    /// whole
    /// @throws org.panamask.checkpoint.CheckpointException if a pattern is not a plain regular expression
    public static AdapterLayout of(Model model, LoraSettings settings) {
        List<Linear> linears = LoraTargets.select(model.linears(), settings.targets());
        ModulePatterns ranks = ModulePatterns.of("lora.rank_pattern", settings.rankPattern());
        ModulePatterns alphas = ModulePatterns.of("lora.alpha_pattern", settings.alphaPattern());
        requireMatches("lora.rank_pattern", ranks, linears);
        requireMatches("lora.alpha_pattern", alphas, linears);
        PeftScaling scaling =
                new PeftScaling(settings.rank(), settings.resolvedAlpha(), settings.useRslora(), ranks, alphas);
        List<String> names = linears.stream()
                .map(linear -> name(model, linear))
                .distinct()
                .sorted()
                .toList();
        boolean transposed = linears.stream().anyMatch(linear -> model.config().transposed(linear.path() + ".weight"));
        PeftConfig config = PeftConfig.of(scaling, names)
                .withDropout(settings.dropout())
                .withFanInFanOut(transposed)
                .withModulesToSave(settings.modulesToSave());
        Map<String, Shape> whole = LoraTargets.whole(model.replaceable(), linears, settings.modulesToSave()).stream()
                .collect(Collectors.toMap(
                        name -> name, name -> own(model, name).shape(), (first, _) -> first, LinkedHashMap::new));
        return new AdapterLayout(linears, scaling, whole, config);
    }

    /// What the settings call `linear`, by which no reader takes the head for it.
    private static String name(Model model, Linear linear) {
        boolean headIsCalledSo = model.config().headName().endsWith("." + linear.lastPart() + ".weight");
        return headIsCalledSo ? linear.path() : linear.lastPart();
    }

    /// The weight called `name`; a head tied to the embedding has no name of its own.
    static Weight own(Model model, String name) {
        return model.parameters().byName().getOrDefault(name, model.head());
    }

    private static void requireMatches(String key, ModulePatterns patterns, List<Linear> linears) {
        List<String> paths = linears.stream().map(Linear::path).toList();
        Optional<String> stray = patterns.unmatched(paths).stream().findFirst();
        if (stray.isPresent()) {
            TreeSet<String> names =
                    linears.stream().map(Linear::lastPart).collect(Collectors.toCollection(TreeSet::new));
            List<String> known = Stream.concat(names.stream(), paths.stream()).toList();
            String near = Nearest.of(stray.get(), known)
                    .map(name -> ", did you mean '" + name + "'?")
                    .orElse(";");
            throw new SettingException(key + " must name layers that get adapters, not '" + stray.get() + "'" + near
                    + " they are " + String.join(", ", names));
        }
    }

    /// How many numbers it holds, all of which training changes: `r (in + out)` for each branch, and whole weights.
    public long count() {
        long branches = linears.stream()
                .mapToLong(linear -> scaling.rank(linear.path())
                        * (linear.weight().shape().extent(0)
                                + linear.weight().shape().extent(1)))
                .sum();
        return branches + whole.values().stream().mapToLong(Shape::count).sum();
    }
}
