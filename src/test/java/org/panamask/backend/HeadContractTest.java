package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.TokenRule.Filters;
import org.panamask.tensor.TokenWeighting;
import org.panamask.tensor.Weight;

/// What is read from the head's logits, on every backend.
class HeadContractTest extends BackendContract {
    private static double[] numbers(Ops ops, Tensor ints) {
        return Arrays.stream(ops.ints(ints)).asDoubleStream().toArray();
    }

    private static List<double[]> read(Ops ops, CrossEntropy loss) {
        return List.of(ops.doubles(loss.loss()), ops.doubles(loss.rows()), numbers(ops, loss.correct()));
    }

    private static List<double[]> read(Ops ops, Prediction prediction) {
        return List.of(
                numbers(ops, prediction.tokens()),
                ops.doubles(prediction.logProbability()),
                ops.doubles(prediction.confidence()));
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 5", "7, 6, 33", "70, 32, 129", "0, 8, 5"})
    void crossEntropyAndLogits(int rows, int width, int vocabulary) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor hidden = inputs.normal(rows, width);
            Weight head = inputs.frozen(vocabulary, width);
            CrossEntropy loss = ops.crossEntropy(hidden, head, inputs.ints(vocabulary, rows), inputs.uniforms(rows));
            return Stream.concat(read(ops, loss).stream(), Stream.of(ops.doubles(ops.logits(hidden, head))))
                    .toList();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 5", "7, 6, 33", "70, 32, 129", "0, 8, 5"})
    void crossEntropyWithGradients(int rows, int width, int vocabulary) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor hidden = inputs.normal(rows, width);
            Tensor targets = inputs.ints(vocabulary, rows);
            Tensor weights = inputs.uniforms(rows);
            Tensor dhidden = inputs.normal(rows, width);
            Tensor dhead = inputs.sums(vocabulary, width);
            CrossEntropy loss = ops.crossEntropyWithGradients(
                    hidden,
                    inputs.trained(vocabulary, width),
                    new Scoring(targets, weights),
                    new BackwardOps.CrossEntropyGradients(List.of(dhidden), List.of(dhead)));
            return Stream.concat(read(ops, loss).stream(), Stream.of(ops.doubles(dhidden), ops.doubles(dhead)))
                    .toList();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 5, 1", "7, 6, 33, 2", "70, 32, 129, 0.5"})
    void tokensCountAsTheirWeightingSays(int rows, int width, int vocabulary, double gamma) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor hidden = inputs.normal(rows, width);
            Scoring scoring =
                    new Scoring(inputs.ints(vocabulary, rows), inputs.uniforms(rows), new TokenWeighting(0.25, gamma));
            Weight head = inputs.trained(vocabulary, width);
            Tensor dhidden = inputs.normal(rows, width);
            Tensor dhead = inputs.sums(vocabulary, width);
            CrossEntropy loss = ops.crossEntropyWithGradients(
                    hidden, head, scoring, new BackwardOps.CrossEntropyGradients(List.of(dhidden), List.of(dhead)));
            List<double[]> alone = read(ops, ops.crossEntropy(hidden, head, scoring));
            double[] entropies = ops.doubles(loss.rows());
            double[] weights = ops.doubles(scoring.weights());
            double sum = 0;
            for (int row = 0; row < rows; row++) {
                sum += weights[row] * scoring.tokens().of(entropies[row]);
            }
            assertThat(ops.doubles(loss.loss())[0]).isCloseTo(sum, withinPercentage(1e-3));
            return Stream.concat(
                            Stream.concat(read(ops, loss).stream(), alone.stream()),
                            Stream.of(ops.doubles(dhidden), ops.doubles(dhead)))
                    .toList();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1", "0.5, 0, 1", "1, 3, 1", "0.8, 0, 0.7", "1.3, 9, 0.5", "1, 100, 2", "1, 1, 1"})
    void predictionsFollowTheRule(double temperature, int topK, double topP) {
        TokenRule rule = new TokenRule(temperature, topK, topP, List.of(3, 17));
        contract.agrees(backend, (ops, inputs) -> {
            Tensor hidden = inputs.normal(19, 8);
            Weight head = inputs.frozen(37, 8);
            return Stream.concat(
                            read(ops, ops.argmax(hidden, head, rule)).stream(),
                            read(ops, ops.sample(hidden, head, rule, inputs.uniforms(19))).stream())
                    .toList();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 5, 3", "7, 6, 33, 6", "70, 32, 129, 40", "0, 8, 5, 2"})
    void expectationsOfTables(int rows, int width, int vocabulary, int embedded) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor hidden = inputs.normal(rows, width);
            Weight tied = inputs.frozen(vocabulary, width);
            return List.of(
                    ops.doubles(ops.expectation(hidden, tied, inputs.frozen(vocabulary, embedded), 0.3)),
                    ops.doubles(ops.expectation(hidden, tied, tied, 1)));
        });
    }

    static Stream<TokenRule> confidences() {
        return Stream.of(Confidence.Measure.values())
                .flatMap(measure -> Stream.of(Confidence.Basis.values())
                        .flatMap(basis -> Stream.of(List.<Integer>of(), List.of(2, 30))
                                .map(ignored -> new Confidence(measure, basis, ignored))))
                .flatMap(confidence -> Stream.of(
                                new TokenRule(1, 0, 1, List.of(5)),
                                new TokenRule(
                                        0.6, new Filters(9, 0.8, Filters.First.TOP_P), List.of(), Map.of(), confidence),
                                new TokenRule(
                                        1.7, new Filters(9, 0.8, Filters.First.TOP_K), List.of(), Map.of(), confidence))
                        .map(rule -> rule.withConfidence(confidence)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 19})
    void confidenceIsMeasuredInTheDistributionAskedFor(int rows) {
        contract.agrees(
                backend,
                (ops, inputs) -> confidences()
                        .flatMap(rule -> {
                            Tensor hidden = inputs.normal(rows, 8);
                            Weight head = inputs.frozen(37, 8);
                            TokenRule biased = rule.withBias(Map.of(4, 1.5, 7, -0.5));
                            return Stream.concat(
                                            read(ops, ops.argmax(hidden, head, rule)).stream(),
                                            read(ops, ops.sample(hidden, head, biased, inputs.uniforms(rows))).stream())
                                    .map(HeadContractTest::finite);
                        })
                        .toList());
    }

    /// What must agree is compared as numbers.
    private static double[] finite(double[] values) {
        return Arrays.stream(values).map(value -> Math.max(value, -1e3)).toArray();
    }

    /// Logits of one row: a hidden state of 1 and a head of one column.
    private static Weight logits(BackwardOps ops, Inputs inputs, double... logits) {
        float[] values = new float[logits.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) logits[i];
        }
        return ops.weight(inputs.owner(), HostTensor.of("head", Shape.of(logits.length, 1), values), false);
    }

    private static Tensor ones(BackwardOps ops, int rows) {
        double[] ones = new double[rows];
        Arrays.fill(ones, 1);
        Tensor hidden = ops.empty(Shape.of(rows, 1), ops.dtype());
        ops.copy(ops.upload(Shape.of(rows, 1), ones), hidden);
        return hidden;
    }

    @Test
    void equalLogitsGiveTheLowestIdThatIsAllowed() {
        contract.results(backend, (ops, inputs) -> {
            Weight head = logits(ops, inputs, 2, 2, 1, 2);
            TokenRule rule = new TokenRule(1, 2, 1, List.of(0));
            Prediction prediction = ops.argmax(ones(ops, 1), head, rule);
            assertThat(ops.ints(prediction.tokens())).containsExactly(1);
            // Of the ids 1, 2 and 3 the first two of equal logits are left: half the mass.
            assertThat(ops.doubles(prediction.logProbability())[0]).isCloseTo(Math.log(0.5), within(1e-6));
            return List.of();
        });
    }

    @Test
    void samplingTakesTheFirstIdWhoseCumulativeProbabilityExceedsTheDraw() {
        contract.results(backend, (ops, inputs) -> {
            Weight head = logits(ops, inputs, 0, 5, 0, 0, 0);
            TokenRule rule = new TokenRule(1, 0, 1, List.of(1));
            Tensor uniforms = ops.upload(Shape.of(5), new double[] {0, 0.2, 0.26, 0.74, 0.9999});
            assertThat(ops.ints(ops.sample(ones(ops, 5), head, rule, uniforms).tokens()))
                    .containsExactly(0, 0, 2, 3, 4);
            return List.of();
        });
    }

    @Test
    void topPKeepsTheEntryThatExceedsTheBound() {
        contract.results(backend, (ops, inputs) -> {
            // Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625: before the third entry stand 0.75.
            Weight head = logits(ops, inputs, Math.log(8), Math.log(4), Math.log(2), 0, 0);
            Tensor draws = ops.upload(Shape.of(1), new double[] {0.9999});
            assertThat(ops.ints(ops.sample(ones(ops, 1), head, new TokenRule(1, 0, 0.7, List.of()), draws)
                            .tokens()))
                    .containsExactly(1);
            assertThat(ops.ints(ops.sample(ones(ops, 1), head, new TokenRule(1, 0, 0.8, List.of()), draws)
                            .tokens()))
                    .containsExactly(2);
            return List.of();
        });
    }

    private static Prediction best(BackwardOps ops, Inputs inputs, TokenRule rule, double... logits) {
        return ops.argmax(ones(ops, 1), logits(ops, inputs, logits), rule);
    }

    private static double confidence(BackwardOps ops, Prediction prediction) {
        return ops.doubles(prediction.confidence())[0];
    }

    @Test
    void confidenceIsMeasuredAsItsDefinitionSays() {
        double[] logits = {Math.log(8), Math.log(4), Math.log(2), 0, 0};
        double[] p = {0.5, 0.25, 0.125, 0.0625, 0.0625};
        contract.results(backend, (ops, inputs) -> {
            double tolerance = 0.3 * contract.tolerance() + 1e-6;
            TokenRule cool = new TokenRule(0.5, 2, 1, List.of());
            for (Confidence.Basis basis : Confidence.Basis.values()) {
                double first = basis == Confidence.Basis.RAW ? 0.5 : 0.8;
                double second = basis == Confidence.Basis.RAW ? 0.25 : 0.2;
                for (Confidence.Measure measure : Confidence.Measure.values()) {
                    TokenRule rule = cool.withConfidence(new Confidence(measure, basis, List.of()));
                    double expected = switch (measure) {
                        case TOKEN -> Math.log(first);
                        case MARGIN -> first - second;
                        case ENTROPY ->
                            basis == Confidence.Basis.RAW
                                    ? Arrays.stream(p)
                                            .map(each -> each * Math.log(each + 1e-10))
                                            .sum()
                                    : 0.8 * Math.log(0.8) + 0.2 * Math.log(0.2);
                    };
                    Prediction prediction = best(ops, inputs, rule, logits);
                    assertThat(ops.ints(prediction.tokens())).containsExactly(0);
                    assertThat(ops.doubles(prediction.logProbability())[0]).isCloseTo(Math.log(0.8), within(tolerance));
                    assertThat(confidence(ops, prediction)).isCloseTo(expected, within(tolerance));
                }
            }
            return List.of();
        });
    }

    @Test
    void ignoredIdsLeaveTheirMassToTheOthersAndAreTheLeastSure() {
        contract.results(backend, (ops, inputs) -> {
            TokenRule rule = TokenRule.plain()
                    .withConfidence(new Confidence(Confidence.Measure.TOKEN, Confidence.Basis.RAW, List.of(0)));
            Prediction other = best(ops, inputs, rule.withBias(Map.of(0, -3.0)), 2, 0.5, 0.5);
            assertThat(ops.ints(other.tokens())).containsExactly(1);
            assertThat(confidence(ops, other)).isCloseTo(Math.log(0.5), within(1e-6));
            Prediction ignored = best(ops, inputs, rule, 2, 0.5, 0.5);
            assertThat(ops.ints(ignored.tokens())).containsExactly(0);
            assertThat(confidence(ops, ignored)).isEqualTo(Double.NEGATIVE_INFINITY);
            return List.of();
        });
    }

    /// Probabilities 0.4, 0.3, 0.2, 0.1. Of the top three the first two have 7 / 9 of the mass; of all, 0.7.
    @Test
    void theFilterThatComesFirstSeesTheWholeMass() {
        double[] logits = {Math.log(4), Math.log(3), Math.log(2), 0};
        contract.results(backend, (ops, inputs) -> {
            for (Filters.First first : Filters.First.values()) {
                Filters filters = new Filters(3, 0.75, first);
                TokenRule rule = new TokenRule(1, filters, List.of(), Map.of(), Confidence.CHOSEN);
                double left = first == Filters.First.TOP_K ? 0.7 : 0.9;
                assertThat(confidence(ops, best(ops, inputs, rule, logits)))
                        .isCloseTo(Math.log(0.4 / left), within(0.3 * contract.tolerance() + 1e-6));
            }
            return List.of();
        });
    }

    @Test
    void targetsOutsideOfTheVocabularyAreRefused() {
        contract.results(backend, (ops, inputs) -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.crossEntropy(
                            inputs.normal(1, 2),
                            inputs.frozen(4, 2),
                            ops.upload(Shape.of(1), new int[] {4}),
                            inputs.uniforms(1)))
                    .withMessage("crossEntropy: targets must be in [0, 4), but got 4 at position 0");
            return List.of();
        });
    }

    @Test
    void askedForAreTheRowsThatAreWantedAndPerhapsMore() {
        contract.results(backend, (ops, inputs) -> {
            for (int wanted = 1; wanted <= 300; wanted++) {
                assertThat(ops.roundRows(wanted, 300)).isBetween(wanted, 300);
            }
            return List.of();
        });
    }
}
