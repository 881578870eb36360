package org.panamask.emulator;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Builds the emulator before the first test and names its libraries, and the folder of compiled kernels, in the
/// system properties that the backend reads. `-Dpanamask.emulator=false` leaves the machine's own libraries in place.
public final class EmulatorListener implements LauncherSessionListener {
    /// For the launcher.
    public EmulatorListener() {}

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        start();
    }

    /// Builds the emulator and names its libraries, once a process.
    static synchronized void start() {
        if (System.getProperty(Emulator.ABSENT) != null || System.getProperty(Emulator.FOLDER) != null) {
            return;
        }
        if (replaced()) {
            System.setProperty(Emulator.ABSENT, "the machine's own CUDA libraries are used");
            return;
        }
        Path root = Path.of("").toAbsolutePath();
        try {
            EmulatorBuild build = new EmulatorBuild(root, root.resolve("target/emulator"));
            String missing = build.missing();
            if (missing.isEmpty()) {
                use(build.make());
            } else {
                System.setProperty(Emulator.ABSENT, missing);
            }
        } catch (IOException failed) {
            throw new IllegalStateException("The emulator could not be built: " + failed.getMessage(), failed);
        }
    }

    /// Whether the machine's own libraries are asked for in its place.
    static boolean replaced() {
        return System.getProperty("panamask.emulator", "true").equals("false");
    }

    private static void use(Path folder) {
        EmulatorBuild.LIBRARIES.forEach(library -> System.setProperty(
                "panamask.lib." + library.label(),
                folder.resolve(library.file()).toString()));
        System.setProperty("panamask.kernel.cache", folder.resolve("cubin").toString());
        System.setProperty(Emulator.FOLDER, folder.toString());
    }
}
