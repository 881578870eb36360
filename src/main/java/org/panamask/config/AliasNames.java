package org.panamask.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Puts the keys of a section in place of other names that they are known by.
///
/// @param section whose keys they are
/// @param path where it stands; empty for the root
record AliasNames(Section section, String path) {
    /// The same keys under their own names. A key written under two names is a problem.
    Tree.Mapping resolve(Tree.Mapping written, List<Problem> problems) {
        if (written.entries().keySet().stream()
                .noneMatch(key -> section.known(key).isPresent())) {
            return written;
        }
        Map<String, Tree.Entry> entries = new LinkedHashMap<>();
        Map<String, String> under = new LinkedHashMap<>();
        written.entries().forEach((key, entry) -> {
            Optional<Setting> known = section.known(key);
            String name = known.map(Setting::name).orElse(key);
            String before = under.putIfAbsent(name, key);
            if (before != null) {
                problems.add(new Problem(
                        entry.place(),
                        full(key) + " and " + before + " are two names of one key, " + name + ", but both are given;"
                                + " keep one"));
                return;
            }
            Optional<Tree.Entry> own = known.isEmpty()
                    ? Optional.of(entry)
                    : meant(known.get().alias(key).orElseThrow(), entry, problems);
            own.ifPresent(value -> entries.put(name, value));
        });
        return new Tree.Mapping(entries, written.place());
    }

    private Optional<Tree.Entry> meant(Setting.OtherName alias, Tree.Entry entry, List<Problem> problems) {
        if (alias.meaning().isEmpty()) {
            return Optional.of(entry);
        }
        String text = entry.value() instanceof Tree.Scalar scalar ? scalar.text() : "";
        String meaning = alias.meaning().get(text);
        if (meaning == null) {
            problems.add(
                    new Problem(entry.place(), full(refusal(alias, entry.value().shown()))));
            return Optional.empty();
        }
        return Optional.of(new Tree.Entry(
                entry.place(), Binder.written(meaning, entry.value().place())));
    }

    /// Why a value is none of `alias`, as a sentence that starts with it.
    static String refusal(Setting.OtherName alias, String shown) {
        return alias.name() + " must be " + String.join(" or ", alias.meaning().keySet()) + ", but got " + shown;
    }

    private String full(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
