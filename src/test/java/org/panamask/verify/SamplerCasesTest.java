package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.tensor.AttentionMask;
import tools.jackson.databind.json.JsonMapper;

/// What cases may hold beyond those at hand.
class SamplerCasesTest {
    private static final Path FAMILY = Path.of("src/test/resources/fixtures/samplers");

    private static SamplerCase only(String kind, String json) {
        return SamplerCase.of(
                        FAMILY.resolve(kind + ".json"),
                        JsonMapper.builder().build().readTree("{\"cases\": [" + json + "]}"))
                .getFirst();
    }

    private static CaseOutcome run(SamplerCase fixture) {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"))) {
            return new Verification(backend, Precision.F32).run(fixture);
        }
    }

    @Test
    void paddingOnEitherSideIsASpanAndHolesAreBits() {
        assertThat(ModelForwardCases.visible(new int[] {0, 1, 1, 1, 1, 0}, 3))
                .isEqualTo(
                        new AttentionMask.Spans(List.of(new AttentionMask.Span(1, 3), new AttentionMask.Span(0, 2))));
        BitSet bits = new BitSet();
        for (int row = 0; row < 6; row++) {
            bits.set(row * 3);
            bits.set(row * 3 + 1, row < 3);
            bits.set(row * 3 + 2, true);
        }
        bits.clear(2);
        bits.clear(5);
        bits.clear(8);
        assertThat(ModelForwardCases.visible(new int[] {1, 1, 0, 1, 0, 1}, 3))
                .isEqualTo(new AttentionMask.Given(2, 3, bits));
    }

    @ParameterizedTest
    @CsvSource({"ftb, 3, 5", "btf, 0, 3", "union, 0, 5"})
    void theLogTypeSaysWhatIsScored(String type, int from, int to) {
        int[] columns = FamilyLikelihoodCases.columns(
                only("dllm", "{\"id\": \"x\", \"settings\": {\"log_type\": \"" + type + "\"}}"), 3, 5);

        assertThat(columns).hasSize(to - from).startsWith(from).endsWith(to - 1);
    }

    @Test
    void anotherLogTypeIsRefused() {
        SamplerCase fixture = only("dllm", "{\"id\": \"x\", \"settings\": {\"log_type\": \"mid\"}}");

        assertThatExceptionOfType(FixtureException.class)
                .isThrownBy(() -> FamilyLikelihoodCases.columns(fixture, 3, 5))
                .withMessage("dllm#x: log_type must be ftb, btf or union, but got mid");
    }

    /// A loss of rows in which the noise hides nothing; `masked` and `loss` are what must come out.
    private static SamplerCase quiet(String ids, String masked, double loss) {
        return only("llada_loss", """
                {"id": "quiet", "model": "llada-tiny", "settings": {"eps": 0.001},
                 "inputs": {"input_ids": %1$s, "prompt_lengths": [2], "t": [0.5], "u": [[0.9, 0.9, 0.9, 0.9]]},
                 "outputs": {"noisy_ids": %1$s, "masked": %2$s, "loss": %3$s, "gradients": {}},
                 "tolerance": {"loss_rel": 0.5}}
                """.formatted(ids, masked, loss));
    }

    @Test
    void aLossOfNothingIsZero() {
        assertThat(run(quiet("[[1, 2, 3, 4]]", "0", 0))).isEqualTo(new CaseOutcome.Passed(0));
    }

    /// The model gives the second token a probability near e^-13.
    @Test
    void maskTokensInTheDataCountInLladasLoss() {
        assertThat(run(quiet("[[1, 156, 3, 4]]", "[[0, 1, 0, 0]]", 13))).isInstanceOf(CaseOutcome.Passed.class);
    }
}
