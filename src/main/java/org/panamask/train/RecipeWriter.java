package org.panamask.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.panamask.config.Section;
import org.panamask.config.Setting;
import org.panamask.config.SettingType;

/// Writes recipes with every default filled in, so that they read back to the same recipe.
public final class RecipeWriter {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_/.][A-Za-z0-9_/.-]*");
    private static final List<String> WORDS_OF_YAML =
            List.of("null", "true", "false", "yes", "no", "on", "off", "y", "n");

    private RecipeWriter() {}

    /// The recipe as YAML. Keys that were left out and have no default stand there as comments.
    public static String text(Recipe recipe) {
        StringBuilder out =
                new StringBuilder("# Every key of this run, defaults included. 'panamask recipe' explains them.\n");
        write(out, Section.of(Recipe.class), recipe, "");
        return out.toString();
    }

    /// Writes the recipe to `file`, replacing it in one move.
    ///
    /// @throws UncheckedIOException if it cannot be written
    public static void write(Recipe recipe, Path file) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.writeString(part, text(recipe));
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("the resolved recipe could not be written to " + file, e);
        }
    }

    private static void write(StringBuilder out, Section section, Record settings, String indent) {
        List<Object> values = section.values(settings);
        for (int i = 0; i < values.size(); i++) {
            Setting setting = section.settings().get(i);
            Object value = values.get(i) instanceof Optional<?> optional ? optional.orElse(null) : values.get(i);
            if (value == null) {
                out.append(indent).append("# ").append(setting.name()).append(": not set\n");
                continue;
            }
            out.append(indent).append(setting.name()).append(':');
            switch (setting.type()) {
                case SettingType.Leaf _ -> out.append(' ').append(leaf(value)).append('\n');
                case Section inner -> {
                    out.append('\n');
                    write(out, inner, (Record) value, indent + "  ");
                }
                case SettingType.Modes modes -> {
                    Map.Entry<String, Section> mode = modes.sections().entrySet().stream()
                            .filter(entry -> entry.getValue().type().isInstance(value))
                            .findFirst()
                            .orElseThrow();
                    out.append('\n')
                            .append(indent)
                            .append("  mode: ")
                            .append(mode.getKey())
                            .append('\n');
                    write(out, mode.getValue(), (Record) value, indent + "  ");
                }
            }
        }
    }

    private static String leaf(Object value) {
        return switch (value) {
            case Double number -> number(number.toString());
            case Float number -> number(number.toString());
            case Enum<?> constant -> SettingType.Choice.written(constant);
            case List<?> list -> list.stream().map(RecipeWriter::leaf).toList().toString();
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> quoted(String.valueOf(entry.getKey())) + ": " + leaf(entry.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            case String text -> quoted(text);
            case Path path -> quoted(path.toString());
            default -> value.toString();
        };
    }

    /// `5.0E-5` as people write it: `5e-5`.
    private static String number(String text) {
        return text.contains("E") ? text.replace(".0E", "e").replace('E', 'e') : text;
    }

    /// Text as YAML reads it back, in quotes where it needs them.
    static String quoted(String text) {
        if (PLAIN.matcher(text).matches() && !WORDS_OF_YAML.contains(text.toLowerCase(Locale.ROOT))) {
            return text;
        }
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff) {
                out.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.append('"').toString();
    }
}
