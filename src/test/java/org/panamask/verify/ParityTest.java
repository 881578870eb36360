package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;

/// The golden cases on every backend.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ParityTest {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    private Map<String, List<KindSummary>> reference = Map.of();

    @BeforeAll
    void runTheReference() {
        reference = run("reference", Precision.F32);
    }

    @ParameterizedTest
    @CsvSource({"cpu, F32", "reference, F64", "reference, BF16", "reference, F16"})
    void goldenCasesAreWithinTheirTolerances(String backend, Precision precision) {
        requireNoMisses(run(backend, precision));
    }

    @Test
    void goldenCasesAreWithinTheirTolerancesOnTheReference() {
        requireNoMisses(reference);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void goldenCasesAreWithinTheirTolerancesOnAGpu(Precision precision) {
        Emulator.require();
        requireNoMisses(run("cuda", precision));
    }

    private static void requireNoMisses(Map<String, List<KindSummary>> families) {
        assertThat(families).isNotEmpty();
        assertThat(families.values())
                .allSatisfy(kinds -> assertThat(kinds)
                        .allSatisfy(summary -> assertThat(summary.misses()).isEmpty()));
    }

    @Test
    void everyKindIsRun() {
        assertThat(reference.values().stream().flatMap(List::stream).filter(summary -> summary.passed() > 0))
                .extracting(KindSummary::kind)
                .contains(
                        "anneal_mask",
                        "anneal_ratio",
                        "forward",
                        "rope",
                        "ddm_loss",
                        "gradients",
                        "lora_gradients",
                        "optimiser",
                        "sampling",
                        "top_p",
                        "nll",
                        "adapter",
                        "lora_layer",
                        "mgdm_loss",
                        "mgdm_sampling",
                        "llada_forward",
                        "dream_forward",
                        "llada_loss",
                        "llada_likelihood",
                        "dream_loss",
                        "dllm");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ddm", "samplers"})
    void noCaseIsLeftOut(String family) {
        assertThat(reference.getOrDefault(family, List.of()))
                .isNotEmpty()
                .allSatisfy(summary -> assertThat(summary.notSupportedCases())
                        .as(summary.kind())
                        .isZero());
    }

    @Test
    void aFolderWithoutFamiliesIsRefused(@TempDir Path empty) {
        assertThatExceptionOfType(FixtureException.class)
                .isThrownBy(() -> FixtureFolder.families(empty))
                .withMessage(empty + ": a folder of golden cases holds family folders with an index.json or"
                        + " files of cases, but there is none; give the folder above them");
    }

    /// The kinds of each family.
    private static Map<String, List<KindSummary>> run(String backend, Precision precision) {
        BackendSettings settings =
                BackendSettings.defaults().with("name", backend).with("dtype", precision);
        try (Backend opened = Backends.open(settings)) {
            Verification verification = new Verification(opened, precision);
            Map<String, List<KindSummary>> families = new LinkedHashMap<>();
            FixtureFolder.families(FIXTURES).forEach(family -> families.put(family.name(), verification.run(family)));
            assertThat(opened.ledger().owners()).doesNotContainKey("verify");
            return families;
        }
    }
}
