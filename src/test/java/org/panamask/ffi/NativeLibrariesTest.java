package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
    @TempDir
    Path folder;

    @Test
    void oneDnnLoadsAndTellsItsVersion() {
        LibraryReport report = NativeLibraries.loadDnnl();
        assertThat(report.loaded()).isTrue();
        assertThat(report.version()).startsWith("3.");
        assertThat(report.attempts().getLast().result()).isEqualTo("loaded");
        assertThat(NativeLibraries.loadDnnl()).isSameAs(report);
        assertThat(NativeLibraries.has("dnnl_version")).isTrue();
        assertThat(NativeLibraries.has("dnnl_no_such_function")).isFalse();
    }

    @Test
    void theProcessorIsDescribed() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            CpuInfo cpu = CpuInfo.detect(dnnl.engine);
            assertThat(cpu.threads()).isPositive();
            assertThat(cpu.instructionSet()).isNotBlank();
            assertThat(cpu.f32Matmul()).isNotEqualTo("none");
        }
    }

    @Test
    void threadsAreSetForTheCallingThread() {
        int before = OpenMp.threads();
        OpenMp.useThreads(1);
        assertThat(OpenMp.threads()).isEqualTo(1);
        OpenMp.useThreads(before);
        assertThat(OpenMp.threads()).isEqualTo(before);
    }

    @Test
    void aNamedFileIsNeverSkipped() {
        Path missing = folder.resolve("libdnnl.so");
        Properties properties = new Properties();
        properties.setProperty("panamask.lib.dnnl", missing.toString());
        assertThatExceptionOfType(LibraryLoadException.class)
                .isThrownBy(() -> new NativeLibraries.Search(NativePlatform.current(), properties, Map.of()).dnnl())
                .withMessage("load dnnl: one of these must load, but none did: " + missing
                        + ": no such file; correct or unset panamask.lib.dnnl and PANAMASK_LIB_DNNL");
    }

    @Test
    void aNamedFileThatIsNoLibraryFails() throws IOException {
        Path text = Files.writeString(folder.resolve("libdnnl.so"), "text");
        assertThatExceptionOfType(LibraryLoadException.class)
                .isThrownBy(() -> new NativeLibraries.Search(
                                NativePlatform.current(),
                                new Properties(),
                                Map.of("PANAMASK_LIB_DNNL", text.toString()))
                        .dnnl())
                .withMessageStartingWith("load dnnl: one of these must load, but none did: " + text)
                .satisfies(e -> assertThat(e.report().loaded()).isFalse());
    }

    @Test
    void everyPlaceTriedIsTold() {
        NativePlatform nowhere = new NativePlatform("nowhere-x86_64", List.of("libnowhere.so"), folder);
        assertThatExceptionOfType(LibraryLoadException.class)
                .isThrownBy(() -> new NativeLibraries.Search(nowhere, new Properties(), Map.of()).dnnl())
                .satisfies(e -> assertThat(e.report().attempts())
                        .extracting(LibraryReport.Attempt::place)
                        .containsExactly("org/bytedeco/dnnl/nowhere-x86_64/libnowhere.so", "library path"));
    }

    @Test
    void platformsFollowTheSystem() {
        NativePlatform linux = NativePlatform.of("Linux", "amd64", Map.of("XDG_CACHE_HOME", folder.toString()));
        assertThat(linux.folder()).isEqualTo("linux-x86_64");
        assertThat(linux.cache()).isEqualTo(folder.resolve("panamask"));
        assertThat(NativePlatform.of("Mac OS X", "aarch64", Map.of()).folder()).isEqualTo("macosx-arm64");
        assertThat(NativePlatform.of("Windows 11", "amd64", Map.of()).files()).containsExactly("dnnl.dll");
    }

    @Test
    void extractedFilesAreKeptAndDamagedOnesReplaced() throws IOException {
        URL entry = jarEntry("the library".repeat(1000));
        LibraryCache cache = new LibraryCache(folder.resolve("cache"));
        Path file = cache.fileOf(entry, "libx.so");
        assertThat(file).hasContent("the library".repeat(1000));
        Object first = Files.getLastModifiedTime(file);
        assertThat(cache.fileOf(entry, "libx.so")).isEqualTo(file);
        assertThat((Object) Files.getLastModifiedTime(file)).isEqualTo(first);
        Files.writeString(file, "tHe library".repeat(1000));
        assertThat(cache.fileOf(entry, "libx.so")).isEqualTo(file).hasContent("the library".repeat(1000));
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    private URL jarEntry(String content) throws IOException {
        Path jar = folder.resolve("x.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("a-b/libx.so"));
            out.write(content.getBytes(StandardCharsets.UTF_8));
            out.closeEntry();
        }
        return URI.create("jar:" + jar.toUri() + "!/a-b/libx.so").toURL();
    }
}
