package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.TokenRule.Filters;
import org.panamask.tensor.Weight;

/// Choices from vocabularies that take every warp of a block, with many equal logits among them, against the reference.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChoiceTest {
    private static final int ROWS = 4;
    private static final int VOCABULARY = 3001;

    private Backend cuda;
    private Backend reference;

    @BeforeAll
    void start() {
        Emulator.require();
        cuda = CudaBackend.open(BackendSettings.defaults());
        reference = new ReferenceProvider().open(BackendSettings.defaults().with("name", "reference"));
    }

    @AfterAll
    void stop() {
        if (cuda != null) {
            cuda.close();
            reference.close();
        }
    }

    static Stream<TokenRule> rules() {
        List<TokenRule> rules = new ArrayList<>();
        Confidence.Measure[] measures = Confidence.Measure.values();
        for (Filters filters : List.of(
                Filters.NONE,
                new Filters(1, 1, Filters.First.TOP_K),
                new Filters(40, 1, Filters.First.TOP_P),
                new Filters(0, 0.6, Filters.First.TOP_K),
                new Filters(0, 0.999, Filters.First.TOP_K),
                new Filters(200, 0.7, Filters.First.TOP_K),
                new Filters(200, 0.7, Filters.First.TOP_P),
                new Filters(2900, 0.97, Filters.First.TOP_K))) {
            Confidence confidence = new Confidence(
                    measures[rules.size() % 3],
                    Confidence.Basis.values()[rules.size() % 2],
                    rules.size() % 4 < 2 ? List.of() : List.of(17, 2999));
            rules.add(new TokenRule(0.8, filters, List.of(3, 3000), Map.of(5, 4.5, 2048, 3.25), confidence));
        }
        return rules.stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void choicesAreThoseOfTheReference(TokenRule rule) {
        for (boolean coarse : new boolean[] {false, true}) {
            List<double[]> expected = choices(reference, rule, coarse);
            List<double[]> actual = choices(cuda, rule, coarse);
            for (int i = 0; i < expected.size(); i++) {
                for (int row = 0; row < ROWS; row++) {
                    double wanted = Math.max(-1e3, expected.get(i)[row]);
                    assertThat(Math.max(-1e3, actual.get(i)[row]))
                            .as("result %d, row %d, coarse %s", i, row, coarse)
                            .isCloseTo(wanted, within(2e-5 * (1 + Math.abs(wanted))));
                }
            }
        }
    }

    /// Logits of the rows are a head of four columns; coarse ones are multiples of a half.
    private static List<double[]> choices(Backend backend, TokenRule rule, boolean coarse) {
        Random random = new Random(11);
        float[] logits = new float[VOCABULARY * ROWS];
        for (int i = 0; i < logits.length; i++) {
            float logit = (float) (2.5 * random.nextGaussian());
            logits[i] = coarse ? Math.round(2 * logit) / 2f : logit;
        }
        double[] each = new double[ROWS * ROWS];
        double[] draws = new double[ROWS];
        for (int row = 0; row < ROWS; row++) {
            each[row * ROWS + row] = 1;
            draws[row] = random.nextFloat();
        }
        try (Owner owner = backend.owner("choice")) {
            return backend.run("choice", Precision.F32, ops -> {
                Weight head = ops.weight(owner, HostTensor.of("head", Shape.of(VOCABULARY, ROWS), logits), false);
                Tensor hidden = ops.upload(Shape.of(ROWS, ROWS), each);
                Prediction likeliest = ops.argmax(hidden, head, rule);
                Prediction drawn = ops.sample(hidden, head, rule, ops.upload(Shape.of(ROWS), draws));
                List<double[]> results = new ArrayList<>();
                for (Prediction prediction : List.of(likeliest, drawn)) {
                    int[] tokens = ops.ints(prediction.tokens());
                    results.add(Arrays.stream(tokens).asDoubleStream().toArray());
                    results.add(ops.doubles(prediction.logProbability()));
                    results.add(ops.doubles(prediction.confidence()));
                }
                return results;
            });
        }
    }
}
