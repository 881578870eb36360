package org.panamask.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// The files of a model folder that are neither weights nor settings of the model, and belong into every copy of it.
public final class TokenizerFiles {
    private static final List<String> NAMES = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "tokenizer.model",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "generation_config.json");

    private TokenizerFiles() {}

    /// Copies those there are, and gives their names.
    ///
    /// @param from a folder, or a file in it
    /// @param to a folder
    /// @return the names of the files copied
    /// @throws UncheckedIOException if one cannot be copied
    public static List<String> copy(Path from, Path to) {
        Path folder = Files.isDirectory(from) ? from : from.resolveSibling("");
        List<String> copied = new ArrayList<>();
        for (String name : NAMES) {
            try {
                if (Files.exists(folder.resolve(name))) {
                    Files.copy(folder.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                    copied.add(name);
                }
            } catch (IOException failure) {
                throw new UncheckedIOException(to.resolve(name) + ": could not be copied", failure);
            }
        }
        return copied;
    }
}
