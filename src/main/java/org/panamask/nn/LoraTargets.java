package org.panamask.nn;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.panamask.config.SettingException;

/// Finds the linear maps that an adapter is put beside.
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
                throw new SettingException("targets must name linear layers of the model, not '" + target + "'; it has "
                        + String.join(", ", names));
            }
        }
        return linears.stream()
                .filter(linear -> targets.stream().anyMatch(target -> target.equals(ALL) || isNamed(linear, target)))
                .toList();
    }

    private static boolean isNamed(Linear linear, String target) {
        return linear.path().equals(target) || linear.path().endsWith("." + target);
    }
}
