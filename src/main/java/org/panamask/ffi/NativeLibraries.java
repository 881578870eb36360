package org.panamask.ffi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.panamask.bindings.dnnl.dnnl_h;
import org.panamask.bindings.dnnl.dnnl_version_t;

/// Finds and loads native libraries, each once a process.
///
/// oneDNN comes from the first of: the file that the system property `panamask.lib.dnnl` or the environment variable
/// `PANAMASK_LIB_DNNL` names, which must load if it is given; the `org.bytedeco:dnnl` jar on the class or module path,
/// copied to the cache folder (`panamask.cache`, `PANAMASK_CACHE`, or the user's cache); the loader's search path.
public final class NativeLibraries {
    private static final String ADVICE =
            "put the org.bytedeco:dnnl jar of this platform on the class path, or name the file in PANAMASK_LIB_DNNL";

    // Loading is a fact about the process, not about an object: the one static state of this package.
    private static @Nullable LibraryReport dnnl;

    private NativeLibraries() {}

    /// Loads oneDNN unless it is loaded, and tells how.
    ///
    /// @throws LibraryLoadException if no copy of it can be loaded
    /// @throws NativeAccessException if native access is refused
    public static synchronized LibraryReport loadDnnl() {
        LibraryReport known = dnnl;
        if (known == null) {
            OpenMp.spinBriefly();
            known = new Search(NativePlatform.current(), System.getProperties(), System.getenv()).dnnl();
            dnnl = known;
        }
        return known;
    }

    /// Whether a loaded library has the function `symbol`.
    public static boolean has(String symbol) {
        return SymbolLookup.loaderLookup().find(symbol).isPresent();
    }

    /// Where compiled kernels are kept: what the system property `panamask.kernel.cache` or the environment
    /// variable `PANAMASK_KERNEL_CACHE` names, or the folder `cubin` of the user's cache for this program.
    public static Path kernelFolder() {
        String named =
                System.getProperty("panamask.kernel.cache", System.getenv().getOrDefault("PANAMASK_KERNEL_CACHE", ""));
        return named.isEmpty() ? NativePlatform.current().cache().resolve("cubin") : Path.of(named);
    }

    /// One search, with the settings it goes by.
    record Search(NativePlatform platform, Properties properties, Map<String, String> environment) {
        LibraryReport dnnl() {
            LibraryAttempts attempts = new LibraryAttempts();
            String named = setting("panamask.lib.dnnl", "PANAMASK_LIB_DNNL");
            boolean loaded = named.isEmpty() ? fromJar(attempts) || fromPath(attempts) : attempts.file(Path.of(named));
            if (!loaded) {
                String advice = named.isEmpty() ? ADVICE : "correct or unset panamask.lib.dnnl and PANAMASK_LIB_DNNL";
                throw new LibraryLoadException(new LibraryReport("dnnl", false, "", attempts.list()), advice);
            }
            return new LibraryReport("dnnl", true, version(), attempts.list());
        }

        private String setting(String property, String variable) {
            return properties.getProperty(property, environment.getOrDefault(variable, ""));
        }

        private boolean fromJar(LibraryAttempts attempts) {
            String cache = setting("panamask.cache", "PANAMASK_CACHE");
            LibraryCache files = new LibraryCache((cache.isEmpty() ? platform.cache() : Path.of(cache))
                    .resolve("native")
                    .toAbsolutePath());
            boolean loaded = false;
            for (String name : platform.files()) {
                String entry = "org/bytedeco/dnnl/" + platform.folder() + "/" + name;
                URL resource = NativeLibraries.class.getClassLoader().getResource(entry);
                boolean required = name.equals(platform.files().getLast());
                if (resource != null) {
                    loaded = attempts.attempt(
                            resource.toString(),
                            () -> System.load(files.fileOf(resource, name).toString()));
                } else if (required) {
                    attempts.note(entry, "not in any jar on the class or module path");
                    loaded = false;
                }
            }
            return loaded;
        }

        private boolean fromPath(LibraryAttempts attempts) {
            return attempts.attempt("library path", () -> System.loadLibrary("dnnl"));
        }
    }

    private static String version() {
        MemorySegment version = dnnl_h.dnnl_version();
        return dnnl_version_t.major(version) + "." + dnnl_version_t.minor(version) + "."
                + dnnl_version_t.patch(version);
    }
}
