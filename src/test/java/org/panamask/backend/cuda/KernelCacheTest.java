package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;
import org.panamask.backend.BackendException;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryLoadException;
import org.panamask.ffi.cuda.Nvrtc;
import org.panamask.tensor.DType;

class KernelCacheTest {
    private static final Family FAMILY = Family.of("arithmetic", DType.F32);

    private static CudaBackend backend;

    @TempDir
    private Path folder;

    @TempDir
    private Path jar;

    @BeforeAll
    static void start() {
        backend = CudaFixture.open();
    }

    @AfterAll
    static void stop() {
        if (backend != null) {
            backend.close();
        }
    }

    /// The counts of a fresh cache that was asked for one kernel.
    private KernelCache.Counts load(Family family, Supplier<Nvrtc> compiler) {
        return CudaFixture.run(backend, job -> {
            try (KernelCache cache = new KernelCache(
                    job.device().context(), "sm_89", new KernelFiles(folder, this::shipped), compiler)) {
                assertThat(cache.of(family, "scale")).isSameAs(cache.of(family, "scale"));
                return cache.counts();
            }
        });
    }

    private Optional<byte[]> shipped(String name) throws IOException {
        Path file = jar.resolve(name);
        return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    /// The image that a jar has for `architecture`.
    private Path ship(Family family, String architecture) throws IOException {
        new CubinBuild(Nvrtc.load(), jar).write(List.of(family), List.of(architecture));
        return jar.resolve(KernelFiles.key(KernelSources.of(family, architecture), "emulator jar"));
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.toList();
            assertThat(found).hasSize(1);
            return found.getFirst();
        }
    }

    @Test
    void aKernelIsCompiledOnceAndThenRead() throws IOException {
        assertThat(load(FAMILY, Nvrtc::load)).isEqualTo(new KernelCache.Counts(0, 0, 1, 0, "", ""));
        assertThat(file().getFileName().toString()).matches("[0-9a-f]{64}\\.cubin");
        assertThat(load(FAMILY, Nvrtc::load)).isEqualTo(new KernelCache.Counts(1, 0, 0, 0, "", ""));
    }

    @Test
    void damagedFilesAreReplaced() throws IOException {
        load(FAMILY, Nvrtc::load);
        byte[] whole = Files.readAllBytes(file());
        byte[] changed = whole.clone();
        changed[whole.length / 2] ^= 1;
        byte[] foreign = KernelFiles.sealed("no image".getBytes(StandardCharsets.UTF_8));
        for (byte[] damaged : List.of(changed, Arrays.copyOf(whole, whole.length - 1), new byte[0], foreign)) {
            Files.write(file(), damaged);
            assertThat(load(FAMILY, Nvrtc::load)).isEqualTo(new KernelCache.Counts(0, 0, 1, 1, "", ""));
            assertThat(Files.readAllBytes(file())).hasSameSizeAs(whole);
            assertThat(load(FAMILY, Nvrtc::load).fromFolder()).isEqualTo(1);
        }
    }

    @Test
    void aFolderThatCannotBeWrittenIsReportedAndTheKernelRuns() throws IOException {
        Path blocked = folder.resolve("file");
        Files.writeString(blocked, "no folder");
        KernelCache.Counts counts = CudaFixture.run(backend, job -> {
            try (KernelCache cache = new KernelCache(
                    job.device().context(), "sm_89", new KernelFiles(blocked, this::shipped), Nvrtc::load)) {
                cache.of(FAMILY, "scale");
                return cache.counts();
            }
        });
        assertThat(counts.compiled()).isEqualTo(1);
        assertThat(counts.unwritable()).contains("file");
    }

    @Test
    void anImageOfTheJarIsTakenBeforeAnyOtherAndNeedsNoCompiler() throws IOException {
        load(FAMILY, Nvrtc::load);
        ship(FAMILY, "sm_89");
        Supplier<Nvrtc> unused = () -> {
            throw new AssertionError("no compiler is asked for");
        };
        assertThat(load(FAMILY, unused)).isEqualTo(new KernelCache.Counts(0, 1, 0, 0, "", ""));
        assertThat(new KernelFiles(folder, this::shipped).madeWith()).isEqualTo("the emulator's NVRTC 13.0 for sm_89");
    }

    @Test
    void anImageOfTheJarForOtherDevicesOptionsOrTextsIsNotTaken() throws IOException {
        ship(FAMILY, "sm_90");
        assertThat(load(FAMILY, Nvrtc::load).compiled()).isEqualTo(1);
        ship(Family.of("arithmetic", DType.BF16), "sm_89");
        assertThat(load(FAMILY, Nvrtc::load).fromFolder()).isEqualTo(1);
        Files.move(ship(FAMILY, "sm_89"), jar.resolve("of-older-texts"));
        assertThat(load(FAMILY, Nvrtc::load).fromFolder()).isEqualTo(1);
    }

    @Test
    void anImageOfTheJarThatCannotBeLoadedIsCompiledAndSaidSo() throws IOException {
        Path image = ship(FAMILY, "sm_89");
        Files.write(image, KernelFiles.sealed("no image".getBytes(StandardCharsets.UTF_8)));
        KernelCache.Counts refused = load(FAMILY, Nvrtc::load);
        assertThat(refused.compiled()).isEqualTo(1);
        assertThat(refused.refused()).contains("arithmetic{PMK_T=float}", "CUDA_ERROR_INVALID_IMAGE");

        Files.write(image, new byte[100]);
        KernelCache.Counts damaged = load(FAMILY, Nvrtc::load);
        assertThat(damaged.fromFolder()).isEqualTo(1);
        assertThat(damaged.refused()).contains("arithmetic{PMK_T=float} is damaged");
    }

    @Test
    void withoutACompilerTheErrorNamesKernelArchitectureAndPlaces() {
        CudaFixture.require();
        LibraryLoadException missing = missing();
        Supplier<Nvrtc> none = () -> {
            throw missing;
        };
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> load(FAMILY, none))
                .withMessageContaining("kernels/arithmetic.cu {PMK_T=float} for sm_89")
                .withMessageContaining(folder.toString())
                .withMessageContaining("there is no NVRTC to compile it with")
                .withMessageContaining("PANAMASK_LIB_");
    }

    /// What loading a library says that no machine of the tests has.
    private static LibraryLoadException missing() {
        try {
            CudaLibraries.require(CudaLibrary.CUDNN, "name the file in PANAMASK_LIB_NVRTC");
        } catch (LibraryLoadException missing) {
            return missing;
        }
        throw new TestAbortedException("there is a cuDNN on this machine, whose absence stands for that of NVRTC");
    }

    @Test
    void whatTheCompilerRefusesIsSaidWithItsLog() {
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> load(FAMILY.with("PMK_T", "no_such_type"), Nvrtc::load))
                .withMessageContaining("compiling kernels/arithmetic.cu for sm_89 failed")
                .withMessageContaining("no_such_type");
    }

    @Test
    void theKeyDependsOnEverythingThatIsCompiled() {
        Nvrtc.Source source = KernelSources.of(FAMILY, "sm_89");
        assertThat(source.headers()).containsOnlyKeys("pmk.cuh");
        assertThat(source.options()).containsExactly("--gpu-architecture=sm_89", "--std=c++17", "-DPMK_T=float");
        TreeMap<String, String> changed = new TreeMap<>(source.headers());
        changed.merge("pmk.cuh", "//", String::concat);
        assertThat(Stream.of(
                        KernelFiles.key(source, "13.0"),
                        KernelFiles.key(source, "13.1"),
                        KernelFiles.key(KernelSources.of(FAMILY, "sm_90"), "13.0"),
                        KernelFiles.key(KernelSources.of(Family.of("arithmetic", DType.BF16), "sm_89"), "13.0"),
                        KernelFiles.key(
                                new Nvrtc.Source(source.name(), source.source(), changed, source.options()), "13.0")))
                .doesNotHaveDuplicates();
    }
}
