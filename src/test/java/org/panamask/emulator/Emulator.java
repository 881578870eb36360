package org.panamask.emulator;

import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// The CPU emulator of CUDA, as tests see it.
public final class Emulator {
    static final String FOLDER = "panamask.emulator.folder";
    static final String ABSENT = "panamask.emulator.absent";

    private Emulator() {}

    /// Skips the calling test, and says why, where there is no emulator.
    public static void require() {
        Assumptions.assumeTrue(
                System.getProperty(FOLDER) != null,
                () -> "no emulator: " + System.getProperty(ABSENT, "its listener did not run"));
    }

    /// Where its libraries are.
    public static Path folder() {
        require();
        return Path.of(System.getProperty(FOLDER));
    }
}
