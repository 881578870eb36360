package org.panamask.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// What makes a row's tokens independent of its neighbours: the bits of a row's result are the same in any number of
/// rows, in any batch and beside any padding that follows it.
@ParameterizedClass
@EnumSource(names = {"F32", "BF16"})
class RowBitsTest {
    private static final int MOST = 257;
    private static final int[] COUNTS = {1, 2, 3, 7, 15, 16, 17, 64, 100, MOST};

    private final Precision precision;
    private CpuBackend backend;

    RowBitsTest(Precision precision) {
        this.precision = precision;
    }

    @BeforeEach
    void start() {
        try {
            backend = CpuBackend.open(BackendSettings.defaults().with("dtype", precision));
        } catch (BackendException refused) {
            Assumptions.abort(refused.getMessage());
        }
    }

    @AfterEach
    void stop() {
        if (backend != null) {
            backend.close();
            assertThat(backend.ledger().total()).isZero();
        }
    }

    /// Activations with these values, rounded to their type.
    private static Tensor activations(BackwardOps ops, Shape shape, double[] values) {
        Tensor tensor = ops.empty(shape, ops.dtype());
        ops.copy(ops.upload(shape, values), tensor);
        return tensor;
    }

    private static double[] normal(long seed, long count) {
        return new Random(seed).doubles(count, -1, 1).toArray();
    }

    private static Weight weight(BackwardOps ops, Owner owner, boolean trainable, long... extents) {
        Shape shape = Shape.of(extents);
        float[] values = new float[Math.toIntExact(shape.count())];
        double[] numbers = normal(3, values.length);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) numbers[i];
        }
        return ops.weight(owner, HostTensor.of("w", shape, values), trainable);
    }

    private static double[] part(double[] values, int from, int count, int width) {
        return Arrays.copyOfRange(values, from * width, (from + count) * width);
    }

    /// The first rows, the last ones, and some in the middle.
    private static int[] starts(int rows) {
        return IntStream.of(0, (MOST - rows) / 2, MOST - rows).distinct().toArray();
    }

    @ParameterizedTest
    @CsvSource({"64, 48, false", "64, 48, true", "33, 19, false", "33, 19, true", "256, 640, false", "5, 1, false"})
    void productsWithWeights(int in, int out, boolean trainable) {
        double[] x = normal(1, MOST * in);
        double[] dy = normal(2, MOST * out);
        try (Owner owner = backend.owner("weights")) {
            backend.run("products", precision, ops -> {
                Weight w = weight(ops, owner, trainable, out, in);
                Weight bias = weight(ops, owner, trainable, out);
                List<double[]> all = products(ops, x, dy, w, bias);
                for (int rows : COUNTS) {
                    for (int start : starts(rows)) {
                        List<double[]> some =
                                products(ops, part(x, start, rows, in), part(dy, start, rows, out), w, bias);
                        for (int i = 0; i < all.size(); i++) {
                            int width = all.get(i).length / MOST;
                            assertThat(some.get(i))
                                    .as("product %d of %d rows from %d on", i, rows, start)
                                    .isEqualTo(part(all.get(i), start, rows, width));
                        }
                    }
                }
                return true;
            });
        }
    }

    private static List<double[]> products(BackwardOps ops, double[] x, double[] dy, Weight w, Weight bias) {
        return ops.scoped(() -> {
            Tensor rows = activations(
                    ops, Shape.of(x.length / w.shape().last(), w.shape().last()), x);
            Tensor back = activations(
                    ops, Shape.of(dy.length / w.shape().extent(0), w.shape().extent(0)), dy);
            Tensor dx = ops.empty(rows.shape(), ops.dtype());
            ops.linearBackward(back, w, 0.5f, new Into(dx, false));
            Tensor sum = ops.addLinear(ops.linear(rows, w, bias), rows, w, 0.25f);
            return List.of(
                    ops.doubles(ops.linear(rows, w)),
                    ops.doubles(ops.linear(rows, w, bias)),
                    ops.doubles(ops.logits(rows, w)),
                    ops.doubles(sum),
                    ops.doubles(dx));
        });
    }

    @ParameterizedTest
    @CsvSource({"24, 2, 40", "96, 3, 129"})
    void everythingElse(int width, int heads, int vocabulary) {
        double[] x = normal(4, MOST * width);
        try (Owner owner = backend.owner("weights")) {
            backend.run("rows", precision, ops -> {
                Weight gain = weight(ops, owner, false, width);
                Weight head = weight(ops, owner, false, vocabulary, width);
                List<double[]> all = rowWise(ops, x, 0, heads, gain, head);
                for (int rows : COUNTS) {
                    for (int start : starts(rows)) {
                        List<double[]> some = rowWise(ops, part(x, start, rows, width), start, heads, gain, head);
                        for (int i = 0; i < all.size(); i++) {
                            assertThat(some.get(i))
                                    .as("function %d of %d rows from %d on", i, rows, start)
                                    .isEqualTo(part(all.get(i), start, rows, all.get(i).length / MOST));
                        }
                    }
                }
                return true;
            });
        }
    }

    /// Functions of rows; those of `x` are the rows from `start` on.
    private static List<double[]> rowWise(BackwardOps ops, double[] x, int start, int heads, Weight gain, Weight head) {
        int width = Math.toIntExact(gain.shape().last());
        int rows = x.length / width;
        return ops.scoped(() -> {
            Tensor in = activations(ops, Shape.of(rows, width), x);
            Tensor angles = ops.upload(Shape.of(MOST, width / heads / 2), normal(5, MOST * width / heads / 2));
            Tensor positions = ops.upload(
                    Shape.of(rows), IntStream.range(start, start + rows).toArray());
            int[] names = IntStream.range(2 * start, 2 * (start + rows)).toArray();
            DropoutKey key = new DropoutKey(0.3, 8, 1, ops.upload(Shape.of(rows, 2), names));
            Tensor rotated =
                    ops.rotate(in.reshape(rows, heads, width / heads), new Ops.Rotation(angles, angles, positions));
            Tensor ones = ops.upload(
                    Shape.of(rows),
                    IntStream.range(0, rows).mapToDouble(_ -> 0.5).toArray());
            Tensor targets = ops.upload(Shape.of(rows), new int[rows]);
            TokenRule rule = new TokenRule(0.7, 20, 0.9, List.of(1));
            Prediction best = ops.argmax(in, head, rule);
            Prediction drawn = ops.sample(in, head, rule, ones);
            Confidence unsure = new Confidence(Confidence.Measure.ENTROPY, Confidence.Basis.RAW, List.of(2));
            return List.of(
                    ops.doubles(ops.rmsNorm(in, gain, 1e-5)),
                    ops.doubles(ops.layerNorm(in, gain, gain, 1e-5)),
                    ops.doubles(ops.gelu(in)),
                    ops.doubles(ops.columns(in, 3, 7)),
                    ops.doubles(ops.swiGlu(in, ops.add(in, in))),
                    ops.doubles(rotated),
                    ops.doubles(ops.dropout(in, key)),
                    ops.doubles(ops.crossEntropy(in, head, targets, ones).rows()),
                    Arrays.stream(ops.ints(best.tokens())).asDoubleStream().toArray(),
                    ops.doubles(best.logProbability()),
                    Arrays.stream(ops.ints(drawn.tokens())).asDoubleStream().toArray(),
                    ops.doubles(drawn.logProbability()),
                    ops.doubles(
                            ops.argmax(in, head, rule.withConfidence(unsure)).confidence()),
                    ops.doubles(ops.extrapolate(in, rotated.reshape(rows, width), 2)));
        });
    }

    /// Queries, keys and values of one text.
    private record Text(int tokens, List<double[]> qkv) {
        static Text of(int tokens, Heads heads) {
            long rows = (long) tokens * heads.width();
            return new Text(
                    tokens,
                    List.of(
                            normal(tokens, rows * heads.queries()),
                            normal(tokens + 1000, rows * heads.keys()),
                            normal(tokens + 2000, rows * heads.keys())));
        }
    }

    private record Heads(int queries, int keys, int width) {
        int of(int which) {
            return which == 0 ? queries : keys;
        }
    }

    /// One of the inputs of attention: each text's rows, followed by numbers that must not matter.
    private static Tensor padded(BackwardOps ops, List<Text> texts, int tokens, Heads heads, int which) {
        int width = heads.of(which) * heads.width();
        double[] all = normal(11, (long) texts.size() * tokens * width);
        for (int b = 0; b < texts.size(); b++) {
            double[] rows = texts.get(b).qkv().get(which);
            System.arraycopy(rows, 0, all, b * tokens * width, rows.length);
        }
        return activations(ops, Shape.of((long) texts.size() * tokens, heads.of(which), heads.width()), all);
    }

    private static AttentionMask mask(List<Text> texts, boolean annealed) {
        AttentionMask lengths =
                new AttentionMask.Lengths(texts.stream().map(Text::tokens).toList());
        return annealed ? new AttentionMask.Annealed(0.4, 21, lengths) : lengths;
    }

    /// The attention of each text's own rows when they lie in a batch of `tokens` tokens each; with dropout where
    /// it is annealed.
    private static List<double[]> attention(
            BackwardOps ops, List<Text> texts, int tokens, Heads heads, boolean annealed) {
        return ops.scoped(() -> {
            double[] y = ops.doubles(ops.attention(
                    padded(ops, texts, tokens, heads, 0),
                    padded(ops, texts, tokens, heads, 1),
                    padded(ops, texts, tokens, heads, 2),
                    mask(texts, annealed).lower(texts.size(), tokens),
                    annealed ? Optional.of(dropout(ops, texts, tokens)) : Optional.empty()));
            List<double[]> results = new ArrayList<>();
            for (int b = 0; b < texts.size(); b++) {
                results.add(part(y, b * tokens, texts.get(b).tokens(), heads.queries() * heads.width()));
            }
            return results;
        });
    }

    /// Each text is named by its length; what follows it has names too.
    private static DropoutKey dropout(BackwardOps ops, List<Text> texts, int tokens) {
        int[] names = new int[texts.size() * tokens * 2];
        for (int row = 0; row < texts.size() * tokens; row++) {
            names[row * 2] = texts.get(row / tokens).tokens();
            names[row * 2 + 1] = row % tokens;
        }
        return new DropoutKey(0.2, 17, 3, ops.upload(Shape.of(names.length / 2, 2), names));
    }

    private static double[] alone(BackwardOps ops, Text text, Heads heads, boolean annealed) {
        return attention(ops, List.of(text), text.tokens(), heads, annealed).getFirst();
    }

    @ParameterizedTest
    @CsvSource({"4, 2, 6, false", "4, 2, 6, true", "6, 2, 64, false", "6, 2, 64, true", "1, 1, 33, true"})
    void attentionAloneInABatchAndBesidePadding(int queries, int keys, int width, boolean annealed) {
        Heads heads = new Heads(queries, keys, width);
        List<Text> texts = IntStream.of(1, 2, 3, 7, 17, 64, 65, 100, 129, MOST)
                .mapToObj(tokens -> Text.of(tokens, heads))
                .toList();
        backend.run("attention", precision, ops -> {
            List<double[]> batch = attention(ops, texts, MOST, heads, annealed);
            for (int b = 0; b < texts.size(); b++) {
                Text text = texts.get(b);
                double[] alone = alone(ops, text, heads, annealed);
                assertThat(batch.get(b))
                        .as("%d tokens in a batch", text.tokens())
                        .isEqualTo(alone);
                for (int tokens : new int[] {text.tokens() + 1, text.tokens() + 13, 320, 400}) {
                    assertThat(attention(ops, List.of(text), tokens, heads, annealed))
                            .as("%d tokens padded to %d", text.tokens(), tokens)
                            .containsExactly(alone);
                }
            }
            return true;
        });
    }

    /// At 4,096 tokens fewer query rows are scored at once.
    @Test
    void attentionBesideMuchPadding() {
        Heads heads = new Heads(8, 2, 16);
        Text text = Text.of(150, heads);
        backend.run("attention", precision, ops -> {
            double[] alone = alone(ops, text, heads, false);
            assertThat(attention(ops, List.of(text), 4096, heads, false)).containsExactly(alone);
            return true;
        });
    }

    @Test
    void attentionOfSomeQueryRows() {
        Heads heads = new Heads(4, 2, 6);
        List<Text> texts = List.of(Text.of(100, heads), Text.of(70, heads));
        int[] rows = {0, 15, 16, 50, 63, 64, 65, 99, 130, 131, 199};
        int rowWidth = heads.queries() * heads.width();
        backend.run("attention", precision, ops -> {
            Tensor q = padded(ops, texts, 130, heads, 0);
            Tensor k = padded(ops, texts, 130, heads, 1);
            Tensor v = padded(ops, texts, 130, heads, 2);
            AttentionMask mask = mask(texts, true);
            double[] all = ops.doubles(ops.attention(q, k, v, mask.lower(2, 130)));
            Tensor some = ops.gatherRows(q.reshape(260, rowWidth), ops.upload(Shape.of(rows.length), rows));
            KeyIntervals seen = mask.lower(2, 130, rows);
            double[] y = ops.doubles(ops.attention(some.reshape(rows.length, 4, 6), k, v, seen));
            for (int i = 0; i < rows.length; i++) {
                assertThat(part(y, i, 1, rowWidth)).as("row %d", rows[i]).isEqualTo(part(all, rows[i], 1, rowWidth));
            }
            return true;
        });
    }
}
