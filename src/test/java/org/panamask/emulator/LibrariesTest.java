package org.panamask.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.emulator.NativeProgram.Outcome;

/// The stand-in libraries as a C++ program calls them: streams, memory, graphs, products, ranks; and through them the
/// attention kernels behind their C interface.
class LibrariesTest {
    private static NativeProgram program;
    private static Path tests;

    @BeforeAll
    static void build() throws IOException {
        Path folder = Emulator.folder();
        String header = Path.of("kernels/pmk.cuh").toAbsolutePath().toString();
        program = new NativeProgram(
                folder,
                List.of(
                        "-O1",
                        "-DPMK_HEADER=\"" + header + "\"",
                        "-DPMK_KERNELS=\"" + Path.of("kernels").toAbsolutePath() + "\"",
                        "-I" + Path.of("native/attention").toAbsolutePath(),
                        "-Wl,-rpath," + folder));
        List<NativeProgram.Compilation> all = new ArrayList<>();
        all.add(() -> program.test("check"));
        for (String name :
                List.of("support", "driver_test", "graphs_test", "products_test", "ranks_test", "attention_test")) {
            all.add(() -> program.test("libraries/" + name));
        }
        for (String name : List.of("attention", "sources", "tiling")) {
            all.add(() -> program.source("native/attention/" + name + ".cpp"));
        }
        List<Path> objects = NativeProgram.all(all);
        EmulatorBuild.LIBRARIES.forEach(library -> objects.add(folder.resolve(library.file())));
        tests = program.link("libraries-test", objects);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {0, 1})
    void theLibrariesKeepTheRulesOfTheRealOnes(int seed) throws IOException {
        Outcome outcome = program.run(tests, seed);

        assertThat(outcome.output()).endsWith("\n0 failures\n");
        assertThat(outcome.status()).isZero();
    }

    @Test
    void everyFunctionOfTheTablesIsThere() throws IOException {
        for (EmulatorBuild.Library library : EmulatorBuild.LIBRARIES) {
            String symbols =
                    EmulatorBuild.run(Emulator.folder(), List.of("nm", "-D", "--defined-only", "-P", library.file()));
            Path table = Path.of("bindings/abi", library.label() + ".abi");
            List<String> functions = Files.readAllLines(table).stream()
                    .filter(line -> line.startsWith("fn "))
                    .map(line -> line.substring("fn ".length(), line.indexOf('(')))
                    // Rows of several lengths go through the other form, which the backend calls alone.
                    .filter(name -> !name.contains("varlen"))
                    .toList();
            assertThat(symbols.lines().map(line -> line.substring(0, line.indexOf(' '))))
                    .describedAs(library.file())
                    .containsAll(functions);
        }
    }
}
