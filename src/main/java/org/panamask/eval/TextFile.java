package org.panamask.eval;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Puts a text file in place whole, or not at all.
final class TextFile {
    private TextFile() {}

    /// Replaces `file`; its folder is made where it is missing.
    static void replace(Path file, String text) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            Files.writeString(part, text);
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException("eval: " + file + " could not be written", failure);
        }
    }
}
