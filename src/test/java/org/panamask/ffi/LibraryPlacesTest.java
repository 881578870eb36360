package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryPlacesTest {
    private final Properties properties = new Properties();

    @TempDir
    Path root;

    @BeforeEach
    void home() {
        properties.setProperty("user.home", root.resolve("home").toString());
    }

    @Test
    void aNamedToolkitComesBeforeTheEnvironmentsAndThePythonTrees() throws IOException {
        Path named = folder("toolkit/lib64");
        Path environment = folder("cuda/targets/x86_64-linux/lib");
        Path virtual = folder("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
        Path conda = folder("conda/lib");
        Path user = folder("home/.local/lib/python3.11/site-packages/nvidia/nccl/lib");
        Path distribution = folder("usr/lib/python3/dist-packages/nvidia/cudnn/lib");
        properties.setProperty("panamask.cuda.home", root.resolve("toolkit").toString());

        List<Path> chosen = places(Map.of(
                        "CUDA_HOME", root.resolve("cuda").toString(),
                        "VIRTUAL_ENV", root.resolve("venv").toString(),
                        "CONDA_PREFIX", root.resolve("conda").toString()))
                .chosen();

        assertThat(chosen).containsExactly(named, environment, virtual, user, distribution, conda);
    }

    @Test
    void thePrefixOfThePythonOnThePathIsATree() throws IOException {
        Path packages = folder("opt/python/lib/python3.12/site-packages/nvidia/cublas/lib");
        Path python = folder("opt/python/bin").resolve("python3");
        Files.createFile(python);
        assertThat(python.toFile().setExecutable(true)).isTrue();
        Path link = Files.createSymbolicLink(folder("bin").resolve("python3"), python);

        assertThat(places(Map.of("PATH", link.getParent().toString())).chosen()).containsExactly(packages);
    }

    @Test
    void anEnvironmentWhosePythonIsALinkIsATreeOfItsOwn() throws IOException {
        Path own = folder("venv/lib/python3.12/site-packages/nvidia/cublas/lib");
        Path behind = folder("opt/python/lib/python3.12/site-packages/nvidia/cublas/lib");
        Path python = Files.createFile(folder("opt/python/bin").resolve("python3"));
        assertThat(python.toFile().setExecutable(true)).isTrue();
        Path link = Files.createSymbolicLink(folder("venv/bin").resolve("python3"), python);

        assertThat(places(Map.of("PATH", link.getParent().toString())).chosen()).containsExactly(own, behind);
    }

    @Test
    void theSystemsFoldersComeLast() throws IOException {
        Path toolkit = folder("usr/local/cuda-13.0/lib64");
        Path container = folder("usr/local/nvidia/lib64");
        Path windows = folder("usr/lib/wsl/lib");

        assertThat(places(Map.of()).chosen()).isEmpty();
        assertThat(places(Map.of()).system()).containsExactly(toolkit, container, windows);
    }

    private LibraryPlaces places(Map<String, String> environment) {
        return new LibraryPlaces(properties, environment, root);
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(root.resolve(name));
    }
}
