package org.panamask.backend.cuda;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.ffi.LibraryLoadException;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.CudaModule;
import org.panamask.ffi.cuda.Nvrtc;
import org.panamask.ffi.cuda.NvrtcException;

/// The kernels of a device, each loaded when it is first asked for: from the jar, else from the folder of compiled
/// kernels, else compiled. An image of the jar was made of the very texts and options that would be compiled, or it has
/// another name; it needs no compiler. Confined to the job thread, but for [#counts].
final class KernelCache implements AutoCloseable {
    private final CudaContext context;
    private final String architecture;
    private final KernelFiles files;
    private final Supplier<Nvrtc> loading;
    private final Map<Family, CudaModule> modules = new LinkedHashMap<>();
    private final Map<Key, Kernel> kernels = new HashMap<>();
    private final AtomicInteger fromFolder = new AtomicInteger();
    private final AtomicInteger fromJar = new AtomicInteger();
    private final AtomicInteger compiled = new AtomicInteger();
    private final AtomicInteger replaced = new AtomicInteger();
    private @Nullable Nvrtc compiler;
    private @Nullable LibraryLoadException absence;
    private volatile String unwritable = "";
    private volatile String refused = "";

    private record Key(Family family, String name) {}

    /// Where kernels came from so far.
    ///
    /// @param fromFolder families whose image lay in the folder
    /// @param fromJar families whose image lay in the jar
    /// @param compiled families that were compiled
    /// @param replaced files of the folder that were damaged
    /// @param unwritable why the folder could not be written, empty where it could
    /// @param refused why an image of the jar could not be loaded, empty where all could
    record Counts(int fromFolder, int fromJar, int compiled, int replaced, String unwritable, String refused) {}

    /// Kernels for `context`, whose device the compiler calls `architecture`; `loading` finds the compiler.
    KernelCache(CudaContext context, String architecture, KernelFiles files, Supplier<Nvrtc> loading) {
        this.context = context;
        this.architecture = architecture;
        this.files = files;
        this.loading = loading;
    }

    Counts counts() {
        return new Counts(fromFolder.get(), fromJar.get(), compiled.get(), replaced.get(), unwritable, refused);
    }

    /// What the images of the jar were made with, empty if it has none.
    String madeWith() {
        return files.madeWith();
    }

    /// The kernel `name` of `family`.
    ///
    /// @throws BackendException if it has to be compiled and there is no compiler, or the compiler refuses it
    Kernel of(Family family, String name) {
        return kernels.computeIfAbsent(new Key(family, name), this::load);
    }

    private Kernel load(Key key) {
        Family family = key.family();
        CudaModule module = modules.get(family);
        if (module == null) {
            module = load(family);
            modules.put(family, module);
        }
        return new Kernel(family, module.function(key.name()));
    }

    private CudaModule load(Family family) {
        Nvrtc.Source source = KernelSources.of(family, architecture);
        CudaModule shipped = fromJar(family, KernelFiles.key(source, version(KernelFiles.JAR)));
        if (shipped != null) {
            return shipped;
        }
        Nvrtc present = compiler().orElseThrow(() -> noCompiler(family));
        CudaModule kept = fromFolder(KernelFiles.key(source, version(present.version())));
        return kept == null ? compile(present, source) : kept;
    }

    /// `compiler` as keys name it: an image that the emulator's compiler made is no cubin.
    static String version(String compiler) {
        return Nvrtc.isEmulated() ? "emulator " + compiler : compiler;
    }

    private @Nullable CudaModule fromJar(Family family, String key) {
        KernelFiles.Found found = files.inJar(key);
        if (found.damaged()) {
            refused = "cubin/" + key + " of " + family + " is damaged";
        }
        if (found.image().isPresent()) {
            try {
                CudaModule module = CudaModule.load(context, found.image().get());
                fromJar.incrementAndGet();
                return module;
            } catch (CudaException unloadable) {
                if (!unloadable.isInvalidImage()) {
                    throw unloadable;
                }
                refused = "that of " + family + ": " + unloadable.getMessage();
            }
        }
        return null;
    }

    private @Nullable CudaModule fromFolder(String key) {
        KernelFiles.Found found = files.inFolder(key);
        boolean damaged = found.damaged();
        if (found.image().isPresent()) {
            try {
                CudaModule module = CudaModule.load(context, found.image().get());
                fromFolder.incrementAndGet();
                return module;
            } catch (CudaException refused) {
                if (!refused.isInvalidImage()) {
                    throw refused;
                }
                damaged = true;
            }
        }
        if (damaged) {
            replaced.incrementAndGet();
        }
        return null;
    }

    private CudaModule compile(Nvrtc present, Nvrtc.Source source) {
        byte[] image;
        try {
            image = present.compile(source).image();
        } catch (NvrtcException failure) {
            throw new BackendException(
                    "backend cuda: compiling kernels/" + source.name() + " for " + architecture + " failed: "
                            + failure.getMessage(),
                    failure);
        }
        CudaModule module = CudaModule.load(context, image);
        try {
            files.keep(KernelFiles.key(source, version(present.version())), image);
        } catch (IOException e) {
            unwritable = String.valueOf(e);
        }
        compiled.incrementAndGet();
        return module;
    }

    private Optional<Nvrtc> compiler() {
        if (compiler == null && absence == null) {
            try {
                compiler = loading.get();
            } catch (LibraryLoadException none) {
                absence = none;
            }
        }
        return Optional.ofNullable(compiler);
    }

    private BackendException noCompiler(Family family) {
        LibraryLoadException why = Objects.requireNonNull(absence, "there is a compiler");
        return new BackendException(
                "backend cuda: kernels/" + family.name() + ".cu " + family.defines() + " for "
                        + architecture + " is not in the jar"
                        + (refused.isEmpty() ? "" : " (refused: " + refused + ")")
                        + ", and there is no NVRTC to compile it with, or to tell which image in " + files.folder()
                        + " is the one: " + why.getMessage(),
                why);
    }

    @Override
    public void close() {
        kernels.clear();
        Closing closing = new Closing();
        modules.values().forEach(closing::add);
        modules.clear();
        closing.close();
    }
}
