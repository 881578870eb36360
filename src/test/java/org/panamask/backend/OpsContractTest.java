package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Every backend meets the same cases; the reference in f64 says what is right.
class OpsContractTest extends BackendContract {
    @ParameterizedTest
    @CsvSource({"1, 8, 8", "3, 5, 7", "17, 33, 19", "40, 64, 48"})
    void linear(int rows, int in, int out) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(rows, in);
            Weight frozen = inputs.frozen(out, in);
            Weight trained = inputs.trained(out, in);
            Weight bias = inputs.trained(out);
            return List.of(
                    ops.doubles(ops.linear(x, frozen)),
                    ops.doubles(ops.linear(x, trained)),
                    ops.doubles(ops.linear(x, frozen, bias)),
                    ops.doubles(ops.linear(x, trained, inputs.frozen(out))));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 8", "3, 5, 7", "17, 33, 19", "40, 64, 48"})
    void linearBackward(int rows, int in, int out) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor dy = inputs.normal(rows, out);
            Tensor x = inputs.normal(rows, in);
            Into replaced = inputs.into(false, rows, in);
            Into added = inputs.into(true, rows, in);
            Tensor dw = inputs.sums(out, in);
            Tensor dbias = inputs.sums(out);
            ops.linearBackward(dy, inputs.frozen(out, in), 1, replaced);
            ops.linearBackward(dy, inputs.trained(out, in), 0.5f, added);
            ops.linearWeightBackward(dy, x, 0.5f, dw);
            ops.biasBackward(dy, dbias);
            return List.of(
                    ops.doubles(replaced.tensor()), ops.doubles(added.tensor()), ops.doubles(dw), ops.doubles(dbias));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 4, 8", "5, 3, 7", "33, 16, 40"})
    void addLinear(int rows, int rank, int out) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor y = ops.linear(inputs.normal(rows, 6), inputs.frozen(out, 6));
            Tensor h = inputs.normal(rows, rank);
            Tensor sum = ops.addLinear(y, h, inputs.trained(out, rank), 0.25f);
            assertThat(sum.identity()).isNotSameAs(y.identity());
            return List.of(ops.doubles(sum));
        });
    }

    @ParameterizedTest
    @CsvSource({"64, 48", "33, 19", "7, 5"})
    void rowsOfProductsDoNotDependOnTheirNumber(int in, int out) {
        contract.results(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(40, in);
            Tensor dy = inputs.normal(40, out);
            Weight w = inputs.frozen(out, in);
            Weight bias = inputs.frozen(out);
            List<double[]> all = products(ops, x, w, bias);
            Into dAll = inputs.into(false, 40, in);
            ops.linearBackward(dy, w, 1, dAll);
            for (int rows : new int[] {1, 2, 3, 5, 8, 16, 31, 39}) {
                int[] second = new int[rows];
                Arrays.setAll(second, i -> i + 1);
                Tensor chosen = ops.upload(Shape.of(rows), second);
                List<double[]> some = products(ops, ops.gatherRows(x, chosen), w, bias);
                for (int i = 0; i < all.size(); i++) {
                    assertThat(some.get(i))
                            .as("%d rows, product %d", rows, i)
                            .isEqualTo(Arrays.copyOfRange(all.get(i), out, (rows + 1) * out));
                }
                Into dSome = inputs.into(false, rows, in);
                ops.linearBackward(ops.gatherRows(dy, chosen), w, 1, dSome);
                assertThat(ops.doubles(dSome.tensor()))
                        .isEqualTo(Arrays.copyOfRange(ops.doubles(dAll.tensor()), in, (rows + 1) * in));
            }
            return List.of();
        });
    }

    private static List<double[]> products(Ops ops, Tensor x, Weight w, Weight bias) {
        return List.of(
                ops.doubles(ops.linear(x, w)), ops.doubles(ops.linear(x, w, bias)), ops.doubles(ops.logits(x, w)));
    }

    @Test
    void embedding() {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor ids = inputs.ints(11, 3, 5);
            Tensor dtable = inputs.sums(11, 6);
            ops.embeddingBackward(inputs.normal(15, 6), ids, dtable);
            return List.of(
                    ops.doubles(ops.embedding(ids, inputs.frozen(11, 6))),
                    ops.doubles(ops.embedding(ids, inputs.trained(11, 6))),
                    ops.doubles(dtable));
        });
    }

    @Test
    void idsOutsideOfTheTableAreRefused() {
        contract.results(backend, (ops, inputs) -> {
            Weight table = inputs.frozen(11, 6);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.embedding(ops.upload(Shape.of(3), new int[] {0, 10, 11}), table))
                    .withMessage("embedding: ids must be in [0, 11), but got 11 at position 2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.embedding(ops.upload(Shape.of(1), new int[] {-1}), table))
                    .withMessage("embedding: ids must be in [0, 11), but got -1 at position 0");
            return List.of();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 129})
    void rmsNorm(int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(9, width);
            Tensor dy = inputs.normal(9, width);
            Weight gain = inputs.trained(width);
            Into replaced = inputs.into(false, 9, width);
            Into added = inputs.into(true, 9, width);
            Tensor dgain = inputs.sums(width);
            ops.rmsNormBackward(dy, x, gain, 1e-5, replaced);
            ops.rmsNormBackward(dy, x, inputs.frozen(width), 1e-5, added);
            ops.rmsNormGainBackward(dy, x, 1e-5, dgain);
            return List.of(
                    ops.doubles(ops.rmsNorm(x, gain, 1e-5)),
                    ops.doubles(ops.rmsNorm(x, inputs.frozen(width), 0.3)),
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()),
                    ops.doubles(dgain));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2", "5, 3, 6", "12, 2, 64"})
    void rotate(int rows, int heads, int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Ops.Rotation rotation =
                    new Ops.Rotation(inputs.sums(20, width / 2), inputs.sums(20, width / 2), inputs.ints(20, rows));
            Tensor x = inputs.normal(rows, heads, width);
            Into replaced = inputs.into(false, rows, heads, width);
            Into added = inputs.into(true, rows, heads, width);
            ops.rotateBackward(x, rotation, replaced);
            ops.rotateBackward(x, rotation, added);
            return List.of(
                    ops.doubles(ops.rotate(x, rotation)), ops.doubles(replaced.tensor()), ops.doubles(added.tensor()));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "7, 13", "30, 64"})
    void dropoutDrawsTheSameOnEveryBackend(int rows, int width) {
        contract.agrees(backend, (ops, inputs) -> {
            DropoutKey key = new DropoutKey(0.3, 0x1234_5678_9ABCL, 5, inputs.ints(1000, rows, 2));
            Tensor x = inputs.normal(rows, width);
            Into replaced = inputs.into(false, rows, width);
            Into added = inputs.into(true, rows, width);
            ops.dropoutBackward(x, key, replaced);
            ops.dropoutBackward(x, key, added);
            double[] y = ops.doubles(ops.dropout(x, key));
            double[] zeros = Arrays.stream(y).map(each -> each == 0 ? 1 : 0).toArray();
            return List.of(y, zeros, ops.doubles(replaced.tensor()), ops.doubles(added.tensor()));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 1", "7, 13, 3", "0, 5, 4", "5, 4, 5"})
    void rowsAreStoredInPlaceOrInACopy(int stored, int width, int rows) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(stored, width);
            Tensor places = ops.upload(
                    Shape.of(stored),
                    IntStream.range(0, stored).map(r -> 2 * r % rows).toArray());
            Tensor base = inputs.normal(rows, width);
            double[] before = ops.doubles(base);
            double[] copied = ops.doubles(ops.withRows(base, places, x));
            assertThat(ops.doubles(base)).isEqualTo(before);
            ops.storeRows(x, places, base);
            assertThat(ops.doubles(base)).isEqualTo(copied);
            Tensor kept = ops.zeros(inputs.owner(), Shape.of(rows, width), ops.dtype());
            ops.storeRows(x, places, kept);
            return List.of(copied, ops.doubles(kept));
        });
    }

    @Test
    void rowsOutsideOfTheMatrixAreNotStored() {
        contract.results(backend, (ops, inputs) -> {
            Tensor base = inputs.normal(2, 3);
            double[] before = ops.doubles(base);
            Tensor rows = ops.upload(Shape.of(2), new int[] {0, 2});
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.storeRows(inputs.normal(2, 3), rows, base))
                    .withMessage("storeRows: rows must be in [0, 2), but got 2 at position 1");
            assertThat(ops.doubles(base)).isEqualTo(before);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.withRows(base, rows, inputs.normal(2, 3)))
                    .withMessage("withRows: rows must be in [0, 2), but got 2 at position 1");
            return List.of();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "7, 13", "3, 5000"})
    void extrapolate(int rows, int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor from = inputs.normal(rows, width);
            Tensor to = inputs.normal(rows, width);
            assertThat(ops.doubles(ops.extrapolate(from, to, 0))).isEqualTo(ops.doubles(from));
            return List.of(ops.doubles(ops.extrapolate(from, to, 1.5)), ops.doubles(ops.extrapolate(from, to, -2)));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "7, 13", "30, 64"})
    void swiGluAndAdd(int rows, int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor gate = inputs.normal(rows, width);
            Tensor up = inputs.normal(rows, width);
            Into dgate = inputs.into(false, rows, width);
            Into dup = inputs.into(false, rows, width);
            Into both = inputs.into(true, rows, width);
            ops.swiGluBackward(inputs.normal(rows, width), gate, up, dgate, dup);
            ops.swiGluBackward(inputs.normal(rows, width), gate, gate, both, both);
            Into first = inputs.into(false, rows, width);
            ops.swiGluBackward(inputs.normal(rows, width), gate, gate, first, new Into(first.tensor(), true));
            return List.of(
                    ops.doubles(ops.swiGlu(gate, up)),
                    ops.doubles(ops.add(gate, up)),
                    ops.doubles(dgate.tensor()),
                    ops.doubles(dup.tensor()),
                    ops.doubles(both.tensor()),
                    ops.doubles(first.tensor()));
        });
    }

    @Test
    void gatherRows() {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor rows = ops.upload(Shape.of(3), new int[] {5, 0, 3});
            Into replaced = inputs.into(false, 6, 7);
            Into added = inputs.into(true, 6, 7);
            ops.gatherRowsBackward(inputs.normal(3, 7), rows, replaced);
            ops.gatherRowsBackward(inputs.normal(3, 7), rows, added);
            return List.of(
                    ops.doubles(ops.gatherRows(inputs.normal(6, 7), rows)),
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()));
        });
    }

    /// One state may predict two columns.
    @Test
    void gatheredRowsMayRepeat() {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor rows = ops.upload(Shape.of(5), new int[] {0, 0, 3, 3, 1});
            Into replaced = inputs.into(false, 4, 700);
            Into added = inputs.into(true, 4, 700);
            ops.gatherRowsBackward(inputs.normal(5, 700), rows, replaced);
            ops.gatherRowsBackward(inputs.normal(5, 700), rows, added);
            return List.of(
                    ops.doubles(ops.gatherRows(inputs.normal(4, 700), rows)),
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()));
        });
    }

    @Test
    void accumulateAndCopyConvertBetweenTypes() {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(3, 7);
            Into replaced = new Into(inputs.sums(3, 7), false);
            Into added = new Into(inputs.sums(21), true);
            Into narrow = inputs.into(true, 3, 7);
            Tensor copied = ops.empty(Shape.of(3, 7), DType.F64);
            Tensor cleared = inputs.normal(3, 7);
            ops.accumulate(x, replaced);
            ops.accumulate(x, added);
            ops.accumulate(inputs.sums(3, 7), narrow);
            ops.copy(x, copied);
            ops.clear(cleared);
            return List.of(
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()),
                    ops.doubles(narrow.tensor()),
                    ops.doubles(copied),
                    ops.doubles(cleared));
        });
    }

    @Test
    void sumOfSquaresAddsAllTensors() {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor sum = ops.sumOfSquares(List.of(inputs.sums(30, 3), inputs.sums(1), inputs.normal(5)));
            assertThat(sum.dtype()).isEqualTo(DType.F64);
            return List.of(ops.doubles(sum), ops.doubles(ops.sumOfSquares(List.of())));
        });
    }

    @Test
    void adamWChangesTheWeightAndWhatIsMadeOfIt() {
        contract.agrees(backend, (ops, inputs) -> {
            Weight w = inputs.trained(9, 6);
            Tensor x = inputs.normal(4, 6);
            double[] before = ops.doubles(ops.linear(x, w));
            Tensor mean = ops.zeros(inputs.owner(), w.shape(), ops.sumType());
            Tensor meanSquare = ops.zeros(inputs.owner(), w.shape(), ops.sumType());
            for (int step = 1; step <= 3; step++) {
                ops.adamW(
                        w, inputs.sums(9, 6), mean, meanSquare, new AdamWStep(0.1, 0.9, 0.999, 1e-8, 0.01, step, 0.5));
            }
            assertThat(w.version()).isEqualTo(3);
            return List.of(
                    before,
                    ops.doubles(w.value()),
                    ops.doubles(mean),
                    ops.doubles(meanSquare),
                    ops.doubles(ops.linear(x, w)));
        });
    }

    @Test
    void aChainKeepsItsInputAndItsResultOnly() {
        contract.agrees(backend, (ops, inputs) -> {
            Weight w = inputs.frozen(6, 6);
            Tensor x = inputs.normal(3, 6);
            Tensor[] inner = new Tensor[3];
            Tensor y = ops.chain("layers", x, 3, (index, in) -> {
                inner[index] = ops.linear(in, w);
                return ops.add(in, inner[index]);
            });
            assertThatIllegalStateException().isThrownBy(inner[2]::memory).withMessageContaining("is closed");
            Tensor same = ops.chain("nothing", x, 2, (_, in) -> in);
            return List.of(ops.doubles(x), ops.doubles(y), ops.doubles(same));
        });
    }

    @Test
    void aScopeEndsWhatItMade() {
        contract.results(backend, (ops, inputs) -> {
            Tensor outer = inputs.normal(2, 2);
            Tensor inner = ops.scoped(() -> ops.add(outer, outer));
            assertThatIllegalStateException().isThrownBy(() -> ops.doubles(inner));
            assertThat(ops.arena().end()).isEqualTo(JobArena.End.LOW);
            return List.of(ops.doubles(outer));
        });
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        contract.results(backend, (ops, inputs) -> {
            assertThatThrownBy(() -> ops.rmsNorm(inputs.normal(1, 2), inputs.frozen(3), 0))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("rmsNorm: x [N, D] needs gain [D], but got [[1, 2], [3]]");
            return List.of();
        });
    }

    @Test
    void frozenWeightsKeepTheTypeTheyAreStoredIn() {
        contract.results(backend, (ops, inputs) -> {
            assertThat(inputs.frozen(2).value().dtype()).isEqualTo(contract.dtype());
            assertThat(inputs.trained(2).value().dtype()).isEqualTo(ops.sumType());
            return List.of();
        });
    }
}
