package org.panamask.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Recipes that come with the library; model, rows and output are left for the reader to name.
public final class Presets {
    private static final List<String> NAMES = List.of("keyvalue-qa", "keyvalue-pilot");

    private Presets() {}

    /// The names of the presets.
    public static List<String> names() {
        return NAMES;
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
