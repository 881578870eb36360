package org.panamask.ffi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Finds and loads NVIDIA's libraries and FlashAttention, each once a process.
///
/// Each comes from the first of: the file that the system property `panamask.lib.NAME` or the environment variable
/// `PANAMASK_LIB_NAME` names, which must load if it is given; the toolkit that `panamask.cuda.home`, `CUDA_HOME` or
/// `CUDA_PATH` names; the packages of Python and Conda trees; the loader's own search; the usual folders of the system.
/// Where there is a driver, only libraries of its release of CUDA and of earlier ones are looked for.
public final class CudaLibraries {
    // Loading is a fact about the process, not about an object.
    private static final Map<CudaLibrary, LibraryReport> LOADED = new EnumMap<>(CudaLibrary.class);

    private CudaLibraries() {}

    /// Loads `library` unless it is loaded, after those that it opens by name itself, and tells how; or that there
    /// is none, and where it was looked for.
    ///
    /// @throws NativeAccessException if native access is refused
    public static synchronized LibraryReport load(CudaLibrary library) {
        LibraryReport known = LOADED.get(library);
        if (known == null) {
            companions(library).forEach(CudaLibraries::load);
            LibraryPlaces places = new LibraryPlaces(System.getProperties(), System.getenv(), Path.of("/"));
            known = new Search(places, driver()).find(library);
            if (known.loaded()) {
                LOADED.put(library, known);
            }
        }
        return known;
    }

    /// [#load], where there must be one.
    ///
    /// @param library what is needed
    /// @param advice what to do where there is none
    /// @throws LibraryLoadException if there is none, with every place tried
    /// @throws NativeAccessException if native access is refused
    public static LibraryReport require(CudaLibrary library, String advice) {
        LibraryReport report = load(library);
        if (!report.loaded()) {
            throw new LibraryLoadException(report, advice);
        }
        return report;
    }

    /// How `library` was loaded, if it is.
    public static synchronized Optional<LibraryReport> loaded(CudaLibrary library) {
        return Optional.ofNullable(LOADED.get(library));
    }

    private static List<CudaLibrary> companions(CudaLibrary library) {
        return switch (library) {
            case CUBLAS -> List.of(CudaLibrary.CUBLASLT);
            case CUDNN -> List.of(CudaLibrary.NVRTC, CudaLibrary.CUBLASLT);
            case FLASHATTN -> List.of(CudaLibrary.CUDART);
            // The driver decides which of their releases can work.
            case NVRTC, CUBLASLT, CUDART -> List.of(CudaLibrary.CUDA);
            case CUDA, NCCL -> List.of();
        };
    }

    /// The release of CUDA that the driver implements, 12 for 12.4; 0 where there is no driver.
    private static int driver() {
        return loaded(CudaLibrary.CUDA)
                .map(LibraryReport::version)
                .filter(version -> version.matches("\\d{1,4}\\..*"))
                .map(version -> Integer.parseInt(version.substring(0, version.indexOf('.'))))
                .orElse(0);
    }

    /// One search, with the settings it goes by.
    ///
    /// @param places where is looked
    /// @param driver the release of CUDA that the driver implements; 0 where there is none
    record Search(LibraryPlaces places, int driver) {
        LibraryReport find(CudaLibrary library) {
            LibraryAttempts attempts = new LibraryAttempts();
            for (String name : library.files()) {
                if (library.release(name) > driver && driver > 0) {
                    attempts.note(
                            name,
                            "it needs a driver of CUDA " + library.release(name) + ", and this one is of CUDA "
                                    + driver);
                }
            }
            boolean loaded = named(library)
                    .map(file -> load(library, file, attempts))
                    .orElseGet(() -> in(places.chosen(), library, attempts)
                            || fromLoader(library, attempts)
                            || in(places.system(), library, attempts));
            return new LibraryReport(library.label(), loaded, loaded ? CudaVersions.of(library) : "", attempts.list());
        }

        /// A library of a newer release than the driver's loads, and then refuses to work.
        private List<String> files(CudaLibrary library) {
            return library.files().stream()
                    .filter(name -> driver == 0 || library.release(name) <= driver)
                    .toList();
        }

        private Optional<Path> named(CudaLibrary library) {
            Properties properties = places.properties();
            String variable = "PANAMASK_LIB_" + library.name();
            String file = properties.getProperty(
                    "panamask.lib." + library.label(), places.environment().getOrDefault(variable, ""));
            return Optional.of(file).filter(name -> !name.isEmpty()).map(Path::of);
        }

        private boolean in(List<Path> folders, CudaLibrary library, LibraryAttempts attempts) {
            for (Path folder : folders) {
                for (String name : files(library)) {
                    Path file = folder.resolve(name);
                    if (Files.isRegularFile(file)) {
                        if (load(library, file, attempts)) {
                            return true;
                        }
                    } else {
                        attempts.note(file.toString(), "no such file");
                    }
                }
            }
            return false;
        }

        /// NVRTC opens its built-in functions by bare name, so they go first.
        private static boolean load(CudaLibrary library, Path file, LibraryAttempts attempts) {
            if (library == CudaLibrary.NVRTC) {
                builtins(file.toAbsolutePath().resolveSibling("")).forEach(attempts::file);
            }
            return attempts.file(file);
        }

        private static Set<Path> builtins(Path folder) {
            Set<Path> found = new TreeSet<>();
            if (Files.isDirectory(folder)) {
                try (Stream<Path> entries = Files.list(folder)) {
                    entries.filter(path ->
                                    path.getFileName().toString().matches("libnvrtc-builtins\\.so\\.\\d+\\.\\d+"))
                            .forEach(found::add);
                } catch (IOException _) {
                    // NVRTC itself will say what it lacks.
                    return Set.of();
                }
            }
            return found;
        }

        /// What the loader finds by name is loaded again by its whole path: only so do the bindings see it.
        private boolean fromLoader(CudaLibrary library, LibraryAttempts attempts) {
            for (String name : files(library)) {
                String place = "the loader's search for " + name;
                Optional<Path> file = Optional.empty();
                try (Arena arena = Arena.ofConfined()) {
                    SymbolLookup.libraryLookup(name, arena);
                    file = mapped(name);
                } catch (IllegalArgumentException _) {
                    attempts.note(place, "no such file");
                } catch (IllegalCallerException refused) {
                    throw new NativeAccessException(refused);
                }
                if (file.isPresent() && load(library, file.get(), attempts)) {
                    return true;
                }
            }
            return false;
        }

        /// The file of a library that the process has open. It stands there with links followed, and that of
        /// the driver then has another number: `libcuda.so.1` is a link to `libcuda.so.580.65.06`.
        static Optional<Path> mapped(String name) {
            String anyVersion = name.substring(0, name.indexOf(".so")) + ".so";
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                List<Path> open = lines.filter(line -> line.contains("/"))
                        .map(line -> Path.of(line.substring(line.indexOf('/'))))
                        .toList();
                return Stream.of(name, anyVersion)
                        .flatMap(start -> open.stream()
                                .filter(path ->
                                        String.valueOf(path.getFileName()).startsWith(start)))
                        .findFirst();
            } catch (IOException _) {
                return Optional.empty();
            }
        }
    }
}
