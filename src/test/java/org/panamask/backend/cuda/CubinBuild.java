package org.panamask.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.panamask.emulator.KernelTable;
import org.panamask.emulator.NvrtcJar;
import org.panamask.ffi.cuda.Nvrtc;

/// Compiles the kernels of a release, for `cubin/` of the jar: the work of the profile `cubins`.
///
/// The names of the files are hashes of what was compiled, so an image is found only for the sources and options it was
/// made of. All are of one NVRTC; of which, and for which architectures, stands beside them.
final class CubinBuild {
    /// What images are made for.
    static final List<String> ARCHITECTURES = List.of("sm_80", "sm_86", "sm_89", "sm_90");

    private final Nvrtc compiler;
    private final Path folder;

    private record Image(String key, byte[] bytes) {}

    /// Compiles with `compiler` into `folder`, whose files are replaced.
    CubinBuild(Nvrtc compiler, Path folder) {
        this.compiler = compiler;
        this.folder = folder;
    }

    /// Arguments: the folder, the version that NVRTC must have, and the file of NVRTC unless it comes from a jar.
    ///
    /// @throws IOException if there is no NVRTC, it is another, or a kernel cannot be compiled or written
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        String version = arguments[1];
        Optional<Path> file = arguments.length > 2 && !arguments[2].isEmpty()
                ? Optional.of(Path.of(arguments[2]))
                : NvrtcJar.unpack(Path.of("target"));
        file.ifPresent(named -> System.setProperty("panamask.lib.nvrtc", named.toString()));
        Nvrtc compiler = Nvrtc.load();
        if (!compiler.version().equals(version)) {
            throw new IOException("cubins are built with NVRTC " + version + ", but this is " + compiler.version()
                    + "; name another file in panamask.cubins.nvrtc, or another version in panamask.cubins.version");
        }
        List<Family> families = families();
        long bytes = new CubinBuild(compiler, folder).write(families, ARCHITECTURES);
        System.out.printf(
                "%d images, %.1f MiB, by NVRTC %s%n", families.size() * ARCHITECTURES.size(), bytes / 0x1p20, version);
    }

    /// Everything that the backend asks for.
    static List<Family> families() throws IOException {
        List<Family> all = new ArrayList<>();
        for (KernelTable.Family family : KernelTable.read().families().values()) {
            for (List<String> defines : family.compilations(false)) {
                TreeMap<String, String> values = new TreeMap<>();
                for (String define : defines) {
                    int at = define.indexOf('=');
                    values.put(define.substring(0, at), define.substring(at + 1));
                }
                all.add(new Family(family.name(), values));
            }
        }
        return all;
    }

    /// Compiles `families` for `architectures`.
    ///
    /// @return the bytes of all images
    long write(List<Family> families, List<String> architectures) throws IOException {
        clear();
        long bytes = 0;
        for (Image image : compile(families, architectures)) {
            Files.write(folder.resolve(image.key()), KernelFiles.sealed(image.bytes()));
            bytes += image.bytes().length;
        }
        String made = compilerName() + " for " + String.join(", ", architectures) + "\n";
        Files.write(folder.resolve(KernelFiles.MADE_WITH), made.getBytes(UTF_8));
        return bytes;
    }

    private String compilerName() {
        return Nvrtc.isEmulated() ? "the emulator's NVRTC " + compiler.version() : "NVRTC " + compiler.version();
    }

    private void clear() throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> old = Files.list(folder)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
    }

    private Collection<Image> compile(List<Family> families, List<String> architectures) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<Image>> underWay = new ArrayList<>();
            for (Family family : families) {
                for (String architecture : architectures) {
                    underWay.add(workers.submit(() -> compile(family, architecture)));
                }
            }
            List<Image> images = new ArrayList<>();
            for (Future<Image> one : underWay) {
                images.add(one.get());
            }
            return images;
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause().getMessage(), failed);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling kernels");
        }
    }

    private Image compile(Family family, String architecture) {
        Nvrtc.Source source = KernelSources.of(family, architecture);
        String key = KernelFiles.key(source, KernelCache.version(KernelFiles.JAR));
        return new Image(key, compiler.compile(source).image());
    }
}
