package org.panamask.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Recipes that come with the library; model, rows and output are left for the reader to name.
public final class Presets {
    private static final List<String> NAMES = List.of(
            "keyvalue-qa",
            "keyvalue-pilot",
            "diffullama-gsm-lora",
            "diffugpt-gsm-full",
            "diffugpt-medium-adapt",
            "diffugpt-small-adapt",
            "diffullama-adapt");

    private static final Pattern SENTENCE_END = Pattern.compile("[.:] ");

    private Presets() {}

    /// The names of the presets.
    public static List<String> names() {
        return NAMES;
    }

    /// What a preset is, in the words of its first sentence.
    ///
    /// @throws IllegalArgumentException if there is no preset of that name
    public static String title(String name) {
        String comment = text(name)
                .lines()
                .takeWhile(line -> line.startsWith("# "))
                .map(line -> line.substring(2))
                .collect(Collectors.joining(" "));
        Matcher end = SENTENCE_END.matcher(comment);
        return end.find() ? comment.substring(0, end.start()) : comment;
    }

    /// The recipe text of a preset.
    ///
    /// @throws IllegalArgumentException if there is no preset of that name
    public static String text(String name) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    "preset: the name must be one of " + String.join(", ", NAMES) + ", but got '" + name + "'");
        }
        try (InputStream in = Presets.class.getResourceAsStream("presets/" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("preset " + name + " is not in the jar; build it again");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("preset " + name + " could not be read", e);
        }
    }
}
