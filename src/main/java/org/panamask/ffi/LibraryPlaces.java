package org.panamask.ffi;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The folders that may hold NVIDIA's libraries, in the order in which they are searched.
///
/// @param properties the system properties
/// @param environment the environment variables
/// @param root the root of the file system, another one in tests
record LibraryPlaces(Properties properties, Map<String, String> environment, Path root) {
    private static final List<String> TOOLKIT = List.of("lib64", "lib", "targets/x86_64-linux/lib");

    private static final List<String> WHEELS = List.of(
            "nvidia/cu13/lib",
            "nvidia/cublas/lib",
            "nvidia/cuda_nvrtc/lib",
            "nvidia/cuda_runtime/lib",
            "nvidia/cudnn/lib",
            "nvidia/nccl/lib",
            "nvidia/nvjitlink/lib",
            "paddle/libs");

    private static final List<String> SYSTEM = List.of(
            "usr/local/nvidia/lib64",
            "usr/local/nvidia/lib",
            "usr/lib/wsl/lib",
            "usr/lib/x86_64-linux-gnu",
            "usr/lib64");

    /// Folders of toolkits and Python trees that somebody named or chose, before the loader is asked.
    List<Path> chosen() {
        List<Path> folders = new ArrayList<>();
        Stream.of(properties.getProperty("panamask.cuda.home", ""), variable("CUDA_HOME"), variable("CUDA_PATH"))
                .filter(home -> !home.isEmpty())
                .forEach(home -> TOOLKIT.forEach(part -> folders.add(Path.of(home, part))));
        pythonRoots()
                .forEach(tree -> packages(tree)
                        .forEach(packages -> WHEELS.forEach(part -> folders.add(packages.resolve(part)))));
        if (!variable("CONDA_PREFIX").isEmpty()) {
            folders.add(Path.of(variable("CONDA_PREFIX"), "lib"));
        }
        return existing(folders);
    }

    /// Folders of the system, after the loader has been asked.
    List<Path> system() {
        List<Path> folders = new ArrayList<>();
        matching(root.resolve("usr/local"), "cuda*").forEach(home -> folders.add(home.resolve("lib64")));
        SYSTEM.forEach(part -> folders.add(root.resolve(part)));
        return existing(folders);
    }

    private String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    private List<Path> pythonRoots() {
        List<Path> roots = new ArrayList<>();
        Stream.of("VIRTUAL_ENV", "CONDA_PREFIX")
                .map(this::variable)
                .filter(prefix -> !prefix.isEmpty())
                .forEach(prefix -> roots.add(Path.of(prefix)));
        Stream.of(variable("PATH").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, "python3"))
                .filter(Files::isExecutable)
                .findFirst()
                .ifPresent(python -> roots.addAll(prefixes(python)));
        roots.add(Path.of(properties.getProperty("user.home", ""), ".local"));
        roots.add(root.resolve("usr/local"));
        roots.add(root.resolve("usr"));
        return roots;
    }

    /// The prefix of `prefix/bin/python3`: as it stands there, which is that of an environment whose Python is a
    /// link to another, and with links followed.
    private static List<Path> prefixes(Path python) {
        Path found = python.toAbsolutePath();
        Path real;
        try {
            real = found.toRealPath();
        } catch (IOException _) {
            real = found;
        }
        return Stream.of(found, real)
                .map(path -> path.resolve("../..").normalize())
                .distinct()
                .toList();
    }

    private static List<Path> packages(Path tree) {
        return matching(tree.resolve("lib"), "python3*").stream()
                .flatMap(python -> Stream.of(python.resolve("site-packages"), python.resolve("dist-packages")))
                .toList();
    }

    private static Set<Path> matching(Path folder, String pattern) {
        Set<Path> found = new TreeSet<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> entries = Files.list(folder)) {
                entries.filter(path -> path.getFileSystem()
                                .getPathMatcher("glob:" + pattern)
                                .matches(path.getFileName()))
                        .forEach(found::add);
            } catch (IOException _) {
                // What cannot be listed cannot be loaded from.
                return Set.of();
            }
        }
        return found;
    }

    private static List<Path> existing(List<Path> folders) {
        return folders.stream().filter(Files::isDirectory).distinct().toList();
    }
}
