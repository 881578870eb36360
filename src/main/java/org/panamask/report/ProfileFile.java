package org.panamask.report;

import java.nio.file.Path;

/// `profile.txt`: where the time of a run's jobs went, operation by operation.
public final class ProfileFile {
    private ProfileFile() {}

    /// Writes `table` as `profile.txt` into `folder`.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(Path folder, String table) {
        AtomicText.write(folder.resolve("profile.txt"), table);
    }
}
