package org.panamask.config;

import java.nio.file.Path;

/// Where something was written.
///
/// @param source the file name, or the override as given on the command line
/// @param line counted from 1; 0 where lines mean nothing
/// @param folder where relative paths written there start
public record Place(String source, int line, Path folder) {
    /// The message with the place in front: `recipe.yaml:6: ...`.
    public String at(String message) {
        return line > 0 ? source + ":" + line + ": " + message : source + ": " + message;
    }
}
