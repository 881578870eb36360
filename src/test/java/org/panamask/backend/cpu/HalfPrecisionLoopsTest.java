package org.panamask.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.host.Float8;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Philox;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The loops that are not oneDNN's, in bf16 on every processor: they need no instruction set.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HalfPrecisionLoopsTest {
    private CpuBackend backend;

    @BeforeAll
    void start() {
        backend = CpuBackend.open(BackendSettings.defaults());
    }

    @AfterAll
    void stop() {
        backend.close();
        assertThat(backend.ledger().total()).isZero();
    }

    /// A job in bf16, whether products could run in it or not.
    private void inBf16(Consumer<BackwardOps> work) {
        backend.run("bf16", Precision.F32, ops -> {
            work.accept(backend.ops(Precision.BF16, (TwoEndedArena) ops.arena()));
            return true;
        });
    }

    private static Tensor normal(BackwardOps ops, long seed, long... extents) {
        Tensor tensor = ops.empty(Shape.of(extents), ops.dtype());
        Random random = new Random(seed);
        for (long i = 0; i < tensor.count(); i++) {
            HostNumbers.put(tensor, i, random.nextGaussian());
        }
        return tensor;
    }

    private static double rounded(double value) {
        return Float.intBitsToFloat(HostNumbers.bf16((float) value) << 16);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "5, 3", "7, 13", "30, 64", "2, 5001", "300, 130"})
    void dropoutTakesThePhiloxFieldOfEachElement(int rows, int width) {
        inBf16(ops -> {
            long seed = 0xFEDC_BA98_8765_4321L;
            int[] names = new Random(3).ints(2L * rows).toArray();
            DropoutKey key = new DropoutKey(0.3, seed, -7, ops.upload(Shape.of(rows, 2), names));
            Tensor x = normal(ops, 1, rows, width);
            double[] in = ops.doubles(x);
            double[] dropped = ops.doubles(ops.dropout(x, key));
            Into replaced = new Into(normal(ops, 2, rows, width), false);
            Into added = new Into(normal(ops, 2, rows, width), true);
            double[] before = ops.doubles(added.tensor());
            ops.dropoutBackward(x, key, replaced);
            ops.dropoutBackward(x, key, added);
            double[] sums = ops.doubles(added.tensor());
            int[] words = new int[4];
            for (int i = 0; i < in.length; i++) {
                int row = i / width;
                int column = i % width;
                long counter = names[2 * row] & 0xFFFFFFFFL | (long) names[2 * row + 1] << 32;
                Philox.fill(words, seed, counter, column / 8 | (long) key.site() << 32);
                int draw = words[column % 8 / 2] >>> column % 2 * 16 & 0xFFFF;
                float kept = draw < key.threshold() ? 0 : (float) in[i] * key.scale();
                assertThat(dropped[i]).as("element %d", i).isEqualTo(rounded(kept) + 0.0);
                assertThat(sums[i]).as("sum %d", i).isEqualTo(rounded((float) before[i] + kept));
            }
            assertThat(ops.doubles(replaced.tensor())).isEqualTo(dropped);
        });
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-6, 0.5, 0.999_99})
    void dropoutAtTheEndsOfItsRange(double rate) {
        inBf16(ops -> {
            Tensor x = normal(ops, 1, 40, 50);
            DropoutKey key = new DropoutKey(rate, 1, 1, ops.upload(Shape.of(40, 2), new int[80]));
            double[] in = ops.doubles(x);
            double[] y = ops.doubles(ops.dropout(x, key));
            for (int i = 0; i < y.length; i++) {
                if (key.threshold() == 0) {
                    assertThat(y[i]).isEqualTo(rounded((float) in[i] * key.scale()));
                } else if (key.threshold() == 65536) {
                    assertThat(y[i]).isZero();
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2", "5, 3, 6", "2, 1, 10", "700, 4, 16"})
    void rotationTurnsEachHead(int rows, int heads, int width) {
        inBf16(ops -> {
            int half = width / 2;
            double[] angles = new Random(2).doubles(9L * half, -1, 1).toArray();
            int[] positions = new Random(3).ints(rows, 0, 9).toArray();
            Tensor table = ops.upload(Shape.of(9, half), angles);
            double[] turns = ops.doubles(table);
            Ops.Rotation rotation = new Ops.Rotation(table, table, ops.upload(Shape.of(rows), positions));
            Tensor x = normal(ops, 1, rows, heads, width);
            double[] in = ops.doubles(x);
            double[] y = ops.doubles(ops.rotate(x, rotation));
            Into added = new Into(normal(ops, 4, rows, heads, width), true);
            double[] before = ops.doubles(added.tensor());
            ops.rotateBackward(x, rotation, added);
            double[] back = ops.doubles(added.tensor());
            for (int i = 0; i < in.length; i++) {
                boolean first = i % width < half;
                double angle = turns[positions[i / (heads * width)] * half + i % half];
                double partner = in[first ? i + half : i - half] * (first ? -angle : angle);
                double allowed = 0.01 * (Math.abs(in[i] * angle) + Math.abs(partner) + Math.abs(before[i]));
                assertThat(y[i]).as("element %d", i).isCloseTo(in[i] * angle + partner, within(allowed));
                assertThat(back[i])
                        .as("gradient %d", i)
                        .isCloseTo(before[i] + in[i] * angle - partner, within(allowed));
            }
        });
    }

    @Test
    void gathersAndSumsKeepTheirRows() {
        inBf16(ops -> {
            Tensor x = normal(ops, 1, 6, 7);
            Tensor rows = ops.upload(Shape.of(3), new int[] {5, 0, 3});
            double[] in = ops.doubles(x);
            double[] gathered = ops.doubles(ops.gatherRows(x, rows));
            assertThat(gathered).startsWith(in[35], in[36]);
            Into added = new Into(normal(ops, 2, 6, 7), true);
            double[] before = ops.doubles(added.tensor());
            ops.gatherRowsBackward(ops.gatherRows(x, rows), rows, added);
            double[] after = ops.doubles(added.tensor());
            for (int i = 0; i < after.length; i++) {
                boolean named = i / 7 == 5 || i / 7 == 0 || i / 7 == 3;
                assertThat(after[i]).isEqualTo(named ? rounded((float) before[i] + (float) in[i]) : before[i]);
            }
            Tensor sum = ops.upload(Shape.of(42), before);
            ops.accumulate(x, new Into(sum, true));
            assertThat(ops.doubles(sum)[41]).isEqualTo((float) before[41] + (float) in[41]);
        });
    }

    @ParameterizedTest
    @EnumSource
    void eightBitFloatsAreRoundedInTheScaleOfTheLargest(Float8 type) {
        inBf16(ops -> {
            Tensor x = normal(ops, 1, 3, 3001);
            Tensor y = ops.empty(x.shape(), ops.dtype());
            new EightBits(((CpuOps) ops).job, type).round(x.memory(), y.memory(), x.count());
            double[] in = ops.doubles(x);
            float scale =
                    type.scale((float) Arrays.stream(in).map(Math::abs).max().orElseThrow());
            double[] out = ops.doubles(y);
            for (int i = 0; i < in.length; i++) {
                assertThat(out[i]).isEqualTo(type.rounded((float) in[i] * scale) / scale);
            }
        });
    }

    /// Every exponent with the fractions around the rounding boundaries.
    @Test
    void storingRoundsToNearestEven() {
        Tile tile = new Tile();
        int[] fractions = {
            0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x10000, 0x17FFF, 0x18000, 0x18001, 0x400000, 0x7F8000, 0x7FFFFF
        };
        float[] values = new float[512 * fractions.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(i / fractions.length << 23 | fractions[i % fractions.length]);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(values.length * 2L, 64);
            tile.store(values, memory, DType.BF16, 0, values.length);
            float[] stored = tile.load(0, memory, DType.BF16, 0, values.length);
            for (int i = 0; i < values.length; i++) {
                float expected = Float.intBitsToFloat(HostNumbers.bf16(values[i]) << 16);
                // As objects, because NaN is NaN.
                assertThat((Float) stored[i])
                        .as("%x", Float.floatToRawIntBits(values[i]))
                        .isEqualTo(Float.valueOf(expected));
            }
        }
    }
}
