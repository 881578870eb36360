package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;

/// The golden cases on every backend.
final class ParityTest {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    @ParameterizedTest
    @CsvSource({"reference, F32", "cpu, F32", "reference, F64"})
    void goldenCasesAreWithinTheirTolerances(String backend, Precision precision) {
        List<KindSummary> summaries = run(backend, precision);

        assertThat(summaries).isNotEmpty();
        assertThat(summaries).allSatisfy(summary -> assertThat(summary.misses()).isEmpty());
    }

    @Test
    void everyKindIsRun() {
        assertThat(run("reference", Precision.F32).stream().filter(summary -> summary.passed() > 0))
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
        assertThat(run("reference", Precision.F32, family))
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

    private static List<KindSummary> run(String backend, Precision precision) {
        return run(backend, precision, "");
    }

    /// The kinds of the families whose names start with `prefix`.
    private static List<KindSummary> run(String backend, Precision precision, String prefix) {
        BackendSettings settings =
                BackendSettings.defaults().with("name", backend).with("dtype", precision);
        try (Backend opened = Backends.open(settings)) {
            Verification verification = new Verification(opened, precision);
            List<KindSummary> summaries = FixtureFolder.families(FIXTURES).stream()
                    .filter(family -> family.name().startsWith(prefix))
                    .flatMap(family -> verification.run(family).stream())
                    .toList();
            assertThat(opened.ledger().owners()).doesNotContainKey("verify");
            return summaries;
        }
    }
}
