package org.panamask.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BuildFactsTest {
    @TempDir
    private Path folder;

    private URL inJar(String version, String commit) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, version);
        manifest.getMainAttributes().putValue(BuildFacts.COMMIT, commit);
        Path jar = folder.resolve("x.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.putNextEntry(new ZipEntry("org/x"));
        }
        return URI.create("jar:" + jar.toUri() + "!/org/x").toURL();
    }

    @Test
    void aJarSaysWhichBuildItIs() throws IOException {
        assertThat(BuildFacts.of(Optional.of(inJar("1.2.3", "abc-dirty"))))
                .containsExactly(entry("panamask", "1.2.3"), entry("commit", "abc-dirty"));
    }

    @Test
    void whatIsInNoJarIsInDevelopment() throws IOException {
        Path file = Files.writeString(folder.resolve("x"), "");

        assertThat(BuildFacts.of(Optional.of(file.toUri().toURL())))
                .isEqualTo(BuildFacts.of(Optional.empty()))
                .containsExactly(entry("panamask", "development"), entry("commit", "unknown"));
    }
}
