package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example of a trainer on top of the library is a module of its own, so the compiler and the JVM see to it that
/// it uses what the library exports and nothing else.
class OwnObjectiveTest {
    private static final Path EXAMPLE = Path.of("examples", "own-objective");
    private static final Path SOURCE = EXAMPLE.resolve("src/example/objective/FillTheGap.java");
    /// What `module org.panamask` requires, by the names of the jars.
    private static final List<String> REQUIRED = List.of("jackson-", "picocli-", "snakeyaml-engine-", "tokenizers-");

    @TempDir
    private Path folder;

    @Test
    void itLearnsToFillTheGap() throws Exception {
        assertThat(mistakes(Files.readString(SOURCE))).isEmpty();

        String said = run();

        assertThat(Pattern.compile("letters right of an unseen batch: ([0-9.]+) %")
                        .matcher(said)
                        .results()
                        .map(match -> Double.parseDouble(match.group(1))))
                .as(said)
                .singleElement()
                .matches(percent -> percent > 90);
    }

    @Test
    void whatIsNotExportedDoesNotCompile() throws Exception {
        String curious = Files.readString(SOURCE)
                .replace("org.panamask.train.AdamW;", "org.panamask.train.AdamW;\nimport org.panamask.ffi.OpenMp;");

        assertThat(mistakes(curious)).contains("package org.panamask.ffi is not visible");
    }

    @Test
    void itsReadmeExplainsEveryPartAsItStandsInTheSource() throws IOException {
        String source = unspaced(Files.readString(SOURCE));

        List<String> quoted = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(EXAMPLE.resolve("README.md")))
                .results()
                .map(block -> unspaced(block.group(1)))
                .toList();

        assertThat(quoted).hasSizeGreaterThanOrEqualTo(4).allMatch(source::contains);
    }

    /// Without white space, which the formatter puts where it likes.
    private static String unspaced(String text) {
        return text.replaceAll("\\s", "");
    }

    private String mistakes(String source) throws Exception {
        Path sources = Files.createDirectories(folder.resolve("src"));
        Path changed = Files.writeString(sources.resolve("FillTheGap.java"), source);
        StringWriter said = new StringWriter();
        PrintWriter lines = new PrintWriter(said, true);
        ToolProvider compiler = ToolProvider.findFirst("javac").orElseThrow();
        int status = compiler.run(
                lines,
                lines,
                "-proc:none",
                "-Xlint:-module",
                "-d",
                classes().toString(),
                "--module-path",
                modules(),
                EXAMPLE.resolve("src/module-info.java").toString(),
                changed.toString());
        return status == 0 ? "" : said.toString();
    }

    private String run() throws IOException, InterruptedException {
        Path said = folder.resolve("said.txt");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--enable-native-access=org.panamask",
                        "--module-path",
                        modules() + File.pathSeparator + classes(),
                        "--class-path",
                        String.join(File.pathSeparator, everything()),
                        "--module",
                        "example.objective/example.objective.FillTheGap"))
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(said)).isZero();
        return Files.readString(said);
    }

    private Path classes() {
        return folder.resolve("classes");
    }

    private static String modules() {
        List<String> path = new ArrayList<>();
        path.add(library().toString());
        for (String entry : everything()) {
            String name = Path.of(entry).getFileName().toString();
            if (REQUIRED.stream().anyMatch(name::startsWith)) {
                path.add(entry);
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static Path library() {
        try {
            return Path.of(Panamask.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> everything() {
        return Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .flatMap(path -> Stream.of(path.split(File.pathSeparator)))
                .filter(entry -> !entry.isEmpty())
                .distinct()
                .toList();
    }
}
