package org.panamask.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.panamask.emulator.NativeProgram.Outcome;

/// Each mutant is a kernel with one planted defect: with seed 0, with seed 1, or under the sanitizers it must fail.
class MutationTest {
    /// A defect of `native/tests/mutants.txt`.
    private record Mutant(String name, boolean quick, String file, String text, String instead) {
        String applied() throws IOException {
            String source = Files.readString(Path.of("native/tests/kernels", file));
            int at = source.indexOf(text);
            assertThat(at).describedAs("'%s' in %s", text, file).isNotNegative();
            return source.substring(0, at) + instead + source.substring(at + text.length());
        }
    }

    @Test
    void kernelsWithoutADefectPass() throws IOException {
        assertThat(found(new Mutant("none", true, "row_norm.cu", "#include", "#include"), false))
                .isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> aFewDefectsAreFoundByTheOrderOfWarps() throws IOException {
        Emulator.folder();
        return mutants().stream()
                .filter(Mutant::quick)
                .map(mutant -> DynamicTest.dynamicTest(
                        mutant.name(), () -> assertThat(found(mutant, false)).isNotEmpty()));
    }

    @TestFactory
    @Tag("mutation")
    Stream<DynamicTest> everyDefectIsFound() throws IOException {
        Emulator.folder();
        boolean sanitizers = Sanitizers.present(Emulator.folder(), Sanitizers.FLAGS);
        List<Mutant> all = mutants();
        assertThat(all).hasSizeGreaterThanOrEqualTo(19);
        Path table = Path.of("target/mutants.md");
        Files.writeString(table, "| defect | found by |\n|---|---|\n");
        return all.stream()
                .map(mutant -> DynamicTest.dynamicTest(mutant.name(), () -> {
                    String by = found(mutant, sanitizers);
                    Files.writeString(
                            table,
                            "| " + mutant.name() + " | " + (by.isEmpty() ? "nothing" : by) + " |\n",
                            StandardOpenOption.APPEND);
                    assertThat(by).isNotEmpty();
                }));
    }

    /// What found it, empty if nothing did.
    private static String found(Mutant mutant, boolean sanitizers) throws IOException {
        NativeProgram plain = new NativeProgram(Emulator.folder(), List.of("-O1"));
        Path program = build(plain, mutant);
        for (int seed = 0; seed < 2; seed++) {
            if (!plain.run(program, seed).ok()) {
                return "seed " + seed;
            }
        }
        if (!sanitizers) {
            return "";
        }
        NativeProgram checked = new NativeProgram(Emulator.folder(), Sanitizers.FLAGS);
        Outcome outcome = checked.run(build(checked, mutant), 0);
        return outcome.ok() ? "" : "the sanitizers";
    }

    private static Path build(NativeProgram program, Mutant mutant) throws IOException {
        List<Path> objects = new ArrayList<>(List.of(program.scheduler(), program.test("check")));
        objects.add(program.test("tiles_test"));
        for (String file : List.of("row_norm.cu", "tile_product.cu", "tile_attention.cu")) {
            String text = file.equals(mutant.file())
                    ? mutant.applied()
                    : Files.readString(Path.of("native/tests/kernels", file));
            objects.add(program.kernel(file, text));
        }
        return program.link("mutant", objects);
    }

    private static List<Mutant> mutants() throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        for (String block :
                Files.readString(Path.of("native/tests/mutants.txt")).split("\n\n")) {
            List<String> lines =
                    block.strip().lines().filter(line -> !line.startsWith("#")).toList();
            if (!lines.isEmpty()) {
                boolean quick = lines.getFirst().startsWith("quick ");
                String name = quick ? lines.getFirst().substring("quick ".length()) : lines.getFirst();
                mutants.add(new Mutant(name, quick, lines.get(1), lines.get(2), lines.get(3)));
            }
        }
        return mutants;
    }
}
