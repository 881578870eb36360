package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.ffi.LibraryReport.Attempt;

class CudaLibrariesTest {
    @TempDir
    Path root;

    @ParameterizedTest
    @EnumSource
    void whatIsNotThereIsReportedWithEveryPlaceTried(CudaLibrary library) throws IOException {
        Path folder = Files.createDirectories(root.resolve("usr/local/cuda/lib64"));

        LibraryReport report =
                search(Map.of("CUDA_HOME", folder.getParent().toString())).find(library);

        // Where the machine has one, the loader finds it; nothing else can.
        if (!report.loaded()) {
            assertThat(report.version()).isEmpty();
            assertThat(report.attempts())
                    .startsWith(new Attempt(
                            folder.resolve(library.files().getFirst()).toString(), "no such file"))
                    .contains(new Attempt(
                            "the loader's search for " + library.files().getFirst(), "no such file"));
        } else {
            assertThat(report.attempts().getLast().result()).isEqualTo("loaded");
        }
    }

    @Test
    void aNamedFileIsNeverSkipped() throws IOException {
        Path text = Files.writeString(root.resolve("libnccl.so.2"), "text");
        Path missing = root.resolve("missing.so");

        LibraryReport wrong =
                search(Map.of("PANAMASK_LIB_NCCL", text.toString())).find(CudaLibrary.NCCL);
        LibraryReport absent =
                search(Map.of("PANAMASK_LIB_NCCL", missing.toString())).find(CudaLibrary.NCCL);

        assertThat(wrong.loaded()).isFalse();
        assertThat(wrong.attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.place()).isEqualTo(text.toString());
            assertThat(attempt.result()).contains("file too short");
        });
        assertThat(absent.attempts()).containsExactly(new Attempt(missing.toString(), "no such file"));
    }

    @Test
    void aBrokenFileIsNotedAndTheSearchGoesOn() throws IOException {
        Path first = Files.createDirectories(root.resolve("first/lib64"));
        Files.writeString(first.resolve("libcudart.so.13"), "text");

        LibraryReport report =
                search(Map.of("CUDA_HOME", root.resolve("first").toString())).find(CudaLibrary.CUDART);

        assertThat(report.attempts())
                .hasSizeGreaterThan(1)
                .extracting(Attempt::place)
                .startsWith(first.resolve("libcudart.so.13").toString());
    }

    @Test
    void theFileBehindALinkWithAnotherNumberIsFound() throws IOException {
        Path some = Path.of(System.getProperty("java.home"), "lib", "libjimage.so");
        Path file = Files.copy(some, root.toRealPath().resolve("libpanamaskprobe.so.580.65.06"));
        Path link = Files.createSymbolicLink(root.resolve("libpanamaskprobe.so.1"), file);

        assertThat(CudaLibraries.Search.mapped("libpanamaskprobe.so.1")).isEmpty();
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(link, arena);
            assertThat(CudaLibraries.Search.mapped("libpanamaskprobe.so.1")).contains(file);
            assertThat(CudaLibraries.Search.mapped("libpanamaskprobe.so")).contains(file);
        }
    }

    @Test
    void librariesOfANewerReleaseThanTheDriversAreLeftOut() throws IOException {
        Path folder = Files.createDirectories(root.resolve("toolkit/lib64"));
        Files.writeString(folder.resolve("libcublasLt.so.13"), "text");
        Files.writeString(folder.resolve("libcublasLt.so.12"), "text");
        Map<String, String> environment = Map.of("CUDA_HOME", folder.getParent().toString());

        LibraryReport old = search(environment, 12).find(CudaLibrary.CUBLASLT);
        LibraryReport young = search(environment, 13).find(CudaLibrary.CUBLASLT);

        assertThat(old.attempts())
                .startsWith(
                        new Attempt("libcublasLt.so.13", "it needs a driver of CUDA 13, and this one is of CUDA 12"))
                .extracting(Attempt::place)
                .contains(folder.resolve("libcublasLt.so.12").toString())
                .doesNotContain(folder.resolve("libcublasLt.so.13").toString());
        assertThat(young.attempts())
                .extracting(Attempt::place)
                .startsWith(
                        folder.resolve("libcublasLt.so.13").toString(),
                        folder.resolve("libcublasLt.so.12").toString());
    }

    private CudaLibraries.Search search(Map<String, String> environment) {
        return search(environment, 0);
    }

    private CudaLibraries.Search search(Map<String, String> environment, int driver) {
        Properties properties = new Properties();
        properties.setProperty("user.home", root.toString());
        return new CudaLibraries.Search(new LibraryPlaces(properties, environment, root), driver);
    }
}
