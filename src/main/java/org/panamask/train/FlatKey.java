package org.panamask.train;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.panamask.config.Tree;

/// One key of LLaMA-Factory's flat recipes.
///
/// @param name as they write it
/// @param target the key it becomes here; empty if it becomes none
/// @param theirs what holds when it is left out, where that is not what holds here; else empty
/// @param meaning how it is taken, as a table shows it
/// @param rule takes it
record FlatKey(String name, String target, String theirs, String meaning, Rule rule) {
    /// Takes the value of a key.
    interface Rule {
        void take(FlatReading reading, FlatKey key, Tree.Entry entry);
    }

    /// A key whose value stays as it is.
    static FlatKey carried(String name, String target) {
        return carried(name, target, "", "");
    }

    /// A key whose value stays as it is, with another default.
    static FlatKey carried(String name, String target, String theirs, String meaning) {
        return new FlatKey(
                name, target, theirs, meaning, (reading, key, entry) -> reading.set(key.target, entry.value()));
    }

    /// A key that names several things, with commas between them or as a list.
    static FlatKey list(String name, String target, String theirs, String meaning) {
        return new FlatKey(
                name, target, theirs, meaning, (reading, key, entry) -> reading.set(key.target, items(entry.value())));
    }

    /// A key that changes nothing here.
    static FlatKey ignored(String name, String why) {
        return new FlatKey(
                name,
                "",
                "",
                "ignored: " + why,
                (reading, key, entry) -> reading.note(FlatNote.Fate.IGNORED, key, entry, why));
    }

    /// A key that asks for something a run here does otherwise.
    static FlatKey warned(String name, String why) {
        return new FlatKey(
                name,
                "",
                "",
                "ignored with a warning: " + why,
                (reading, key, entry) -> reading.note(FlatNote.Fate.WARNED, key, entry, why));
    }

    /// A key that asks for something there is nothing for; `false`, `no` and `none` ask for nothing.
    static FlatKey refused(String name, String why) {
        return new FlatKey(name, "", "", "refused unless false or none: " + why, (reading, key, entry) -> {
            if (asksForNothing(entry.value())) {
                reading.note(FlatNote.Fate.IGNORED, key, entry, "it asks for nothing");
            } else {
                reading.note(FlatNote.Fate.REFUSED, key, entry, why);
            }
        });
    }

    /// A key with a rule of its own.
    static FlatKey ruled(String name, String target, String theirs, String meaning, Rule rule) {
        return new FlatKey(name, target, theirs, meaning, rule);
    }

    static boolean asksForNothing(Tree value) {
        return value instanceof Tree.Scalar scalar
                        && List.of("none", "no", "0").contains(scalar.text().toLowerCase(Locale.ROOT))
                || flag(value).equals(Optional.of(false));
    }

    /// A truth value, by the rules of YAML 1.1, which their files are read by.
    static Optional<Boolean> flag(Tree value) {
        if (!(value instanceof Tree.Scalar scalar) || scalar.quoted()) {
            return Optional.empty();
        }
        return switch (scalar.text()) {
            case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON" -> Optional.of(true);
            case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    static Tree items(Tree value) {
        return value instanceof Tree.Scalar scalar
                ? new Tree.Items(
                        Stream.of(scalar.text().split(","))
                                .map(String::strip)
                                .filter(item -> !item.isEmpty())
                                .<Tree>map(item -> new Tree.Scalar(item, false, scalar.place()))
                                .toList(),
                        scalar.place())
                : value;
    }
}
