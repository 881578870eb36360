package org.panamask.ffi;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What differs between operating systems: folder and file names of the oneDNN jar, and where caches live.
///
/// @param folder the jar's folder for this system and processor
/// @param files what to load, in this order; all but the last are companions that may be missing
/// @param cache the user's cache folder for this program
record NativePlatform(String folder, List<String> files, Path cache) {
    NativePlatform {
        files = List.copyOf(files);
    }

    static NativePlatform current() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"), System.getenv());
    }

    static NativePlatform of(String system, String processor, Map<String, String> environment) {
        String os = system.toLowerCase(Locale.ROOT);
        String arch = processor.equals("aarch64") ? "arm64" : "x86_64";
        Path home = Path.of(System.getProperty("user.home"));
        if (os.startsWith("windows")) {
            Path local =
                    folder(environment, "LOCALAPPDATA", home.resolve("AppData").resolve("Local"));
            return new NativePlatform("windows-" + arch, List.of("dnnl.dll"), local.resolve("panamask"));
        }
        if (os.startsWith("mac")) {
            Path caches = home.resolve("Library").resolve("Caches");
            return new NativePlatform(
                    "macosx-" + arch, List.of("libiomp5.dylib", "libdnnl.3.dylib"), caches.resolve("panamask"));
        }
        Path caches = folder(environment, "XDG_CACHE_HOME", home.resolve(".cache"));
        return new NativePlatform("linux-" + arch, List.of("libgomp.so.1", "libdnnl.so.3"), caches.resolve("panamask"));
    }

    private static Path folder(Map<String, String> environment, String name, Path otherwise) {
        String value = environment.getOrDefault(name, "");
        return value.isEmpty() ? otherwise : Path.of(value);
    }
}
