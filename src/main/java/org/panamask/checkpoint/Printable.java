package org.panamask.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;

/// Text out of files made fit for a message: no control characters, no endless names.
final class Printable {
    private static final int LONGEST = 200;

    private Printable() {}

    static String of(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < LONGEST; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || Character.isSurrogate(c) || Character.getType(c) == Character.FORMAT) {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return text.length() > LONGEST ? shown.append("...").toString() : shown.toString();
    }

    static String of(Collection<String> names) {
        return names.stream().map(Printable::of).collect(Collectors.joining(", ", "[", "]"));
    }

    static String of(IOException cause) {
        return cause.getClass().getSimpleName() + " (" + of(String.valueOf(cause.getMessage())) + ")";
    }

    /// The last part of a path, which is how messages name a file inside a folder the reader knows.
    static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
