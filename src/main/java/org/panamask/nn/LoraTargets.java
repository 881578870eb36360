package org.panamask.nn;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.panamask.config.SettingException;

/// Finds the linear maps that an adapter is put beside, and the weights that it holds whole.
public final class LoraTargets {
    /// Names every linear map.
    public static final String ALL = "all";

    private LoraTargets() {}

    /// Those of `linears` whose path ends in one of `targets`, or all of them for [#ALL].
    ///
    /// @throws SettingException if a target names none; the message lists the names there are
    public static List<Linear> select(List<Linear> linears, List<String> targets) {
        Set<String> names = linears.stream().map(Linear::lastPart).collect(Collectors.toCollection(TreeSet::new));
        for (String target : targets) {
            if (!target.equals(ALL) && linears.stream().noneMatch(linear -> isNamed(linear, target))) {
                throw new SettingException("lora.targets must name linear layers of the model, not '" + target
                        + "'; it has " + String.join(", ", names));
            }
        }
        return linears.stream()
                .filter(linear -> targets.stream().anyMatch(target -> target.equals(ALL) || isNamed(linear, target)))
                .toList();
    }

    /// Those of `weights` whose module ends in one of `modules`.
    ///
    /// @param weights names of weights, `MODULE.weight`
    /// @param adapted the linear maps that get branches, which cannot be whole as well
    /// @param modules last parts of module names, or whole names
    /// @throws SettingException if a module names no weight, or one that gets a branch
    public static List<String> whole(List<String> weights, List<Linear> adapted, List<String> modules) {
        for (String module : modules) {
            if (weights.stream().noneMatch(weight -> isNamed(module(weight), module))) {
                throw new SettingException(
                        "lora.modules_to_save must name modules of the model that can be trained whole,"
                                + " not '" + module + "'; it has "
                                + weights.stream()
                                        .map(weight -> module(weight)
                                                .substring(module(weight).lastIndexOf('.') + 1))
                                        .distinct()
                                        .sorted()
                                        .collect(Collectors.joining(", ")));
            }
            if (adapted.stream().anyMatch(linear -> isNamed(linear, module))) {
                throw new SettingException(
                        "lora.modules_to_save must name modules that lora.targets does not name, not '" + module
                                + "'; take it out of one of the two");
            }
        }
        return weights.stream()
                .filter(weight -> modules.stream().anyMatch(module -> isNamed(module(weight), module)))
                .toList();
    }

    private static String module(String weight) {
        return weight.substring(0, weight.length() - ".weight".length());
    }

    private static boolean isNamed(Linear linear, String target) {
        return isNamed(linear.path(), target);
    }

    private static boolean isNamed(String path, String target) {
        return path.equals(target) || path.endsWith("." + target);
    }
}
