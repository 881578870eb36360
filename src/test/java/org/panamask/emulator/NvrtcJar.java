package org.panamask.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// NVIDIA's NVRTC in the `org.bytedeco:cuda-redist` jar, which the profile `nvrtc` puts on the class path.
public final class NvrtcJar {
    private static final String IN_JAR = "org/bytedeco/cuda/linux-x86_64/";
    private static final List<String> BUILTINS = List.of("libnvrtc-builtins.so.13.1", "libnvrtc-builtins.so.13.0");
    private static final String LIBRARY = "libnvrtc.so.13";

    private NvrtcJar() {}

    /// The library, with its built-in functions beside it, unpacked into `folder` unless that has been done; empty
    /// without the jar.
    public static Optional<Path> unpack(Path folder) throws IOException {
        Path to = Files.createDirectories(folder.resolve("nvrtc")).toAbsolutePath();
        for (String builtins : BUILTINS) {
            copy(builtins, to.resolve(builtins));
        }
        Path library = to.resolve(LIBRARY);
        copy(LIBRARY, library);
        return Files.exists(library) ? Optional.of(library) : Optional.empty();
    }

    private static void copy(String name, Path to) throws IOException {
        URL resource = NvrtcJar.class.getClassLoader().getResource(IN_JAR + name);
        if (resource != null && !Files.exists(to)) {
            try (InputStream in = resource.openStream()) {
                Files.copy(in, to);
            }
        }
    }
}
