package org.panamask.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.RankException;
import org.panamask.launch.Ranks;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

@Timeout(60)
final class HostCollectiveTest {
    /// More than two chunks, so that sums are put together.
    private static final int COUNT = 70_000;

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void sumsAreThoseOfAllRanksInTheOrderOfRanks(int world) {
        List<double[]> results = all(world, DType.F32, Collective::sum);
        float[] expected = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            double sum = 0;
            for (int rank = 0; rank < world; rank++) {
                sum += (float) number(rank, i);
            }
            expected[i] = (float) sum;
        }
        for (double[] result : results) {
            assertThat(toFloats(result)).isEqualTo(expected);
        }
    }

    @Test
    void doublesAreSummedAsDoubles() {
        List<double[]> results = all(2, DType.F64, Collective::sum);
        assertThat(results.getFirst()).isEqualTo(results.getLast());
        assertThat(results.getFirst()[5]).isEqualTo(number(0, 5) + number(1, 5));
    }

    @Test
    void averagesAreSumsOverTheNumberOfRanks() {
        List<double[]> sums = all(2, DType.F64, Collective::sum);
        List<double[]> means = all(2, DType.F64, Collective::average);
        assertThat(means.getLast())
                .isEqualTo(Arrays.stream(sums.getFirst()).map(sum -> sum / 2).toArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void partsSummedAndGatheredAreTheSums(int world) {
        List<double[]> sums = all(world, DType.F32, Collective::sum);
        List<double[]> parts = all(world, DType.F32, (collective, tensor) -> {
            collective.sumParts(tensor);
            collective.gatherParts(tensor);
        });
        for (double[] each : parts) {
            assertThat(each).isEqualTo(sums.getFirst());
        }
    }

    @Test
    void aTensorWithoutEqualPartsIsRefused() {
        LocalRanks.run(3, ranks -> {
            run(
                    ranks,
                    DType.F32,
                    (collective, tensor) -> assertThatExceptionOfType(IllegalArgumentException.class)
                            .isThrownBy(() -> collective.sumParts(tensor))
                            .withMessage("ranks: a tensor must have 3 equal parts, but got [70000]"));
            return 0;
        });
    }

    @Test
    void aRankThatFailsEndsTheSumsOfTheOthers() {
        List<String> seen = LocalRanks.run(2, ranks -> {
            try (Collective collective = HostCollective.open(ranks)) {
                if (!ranks.place().isFirst()) {
                    ranks.fail(new IllegalStateException("out of memory"));
                    return "";
                }
                return failing(collective);
            }
        });
        assertThat(seen.getFirst()).isEqualTo("rank 0 of 2 cannot go on: rank 1 of 2 failed: out of memory");
    }

    private static String failing(Collective collective) {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
                Owner owner = backend.owner("sums")) {
            return backend.run("sum", Precision.F32, ops -> {
                collective.sum(ops.zeros(owner, Shape.of(10), DType.F32));
                try {
                    collective.join();
                    return "nothing failed";
                } catch (RankException failure) {
                    return String.valueOf(failure.getMessage());
                }
            });
        }
    }

    private static double number(int rank, int i) {
        DoubleUnaryOperator spread = x -> x - Math.floor(x);
        return spread.applyAsDouble(0.618_033_988_75 * (i + 1) * (rank + 1)) - 0.4;
    }

    private static List<double[]> all(int world, DType dtype, BiConsumer<Collective, Tensor> work) {
        return LocalRanks.run(world, ranks -> run(ranks, dtype, work));
    }

    private static double[] run(Ranks ranks, DType dtype, BiConsumer<Collective, Tensor> work) {
        Precision precision = dtype == DType.F64 ? Precision.F64 : Precision.F32;
        double[] mine = new double[COUNT];
        Arrays.setAll(mine, i -> number(ranks.place().rank(), i));
        try (Backend backend = Backends.open(
                        BackendSettings.defaults().with("name", "reference").with("dtype", precision));
                Collective collective = backend.collective(ranks);
                Owner owner = backend.owner("sums")) {
            return backend.run("sum", precision, ops -> {
                Tensor tensor = ops.zeros(owner, Shape.of(COUNT), dtype);
                ops.copy(ops.upload(Shape.of(COUNT), mine), tensor);
                work.accept(collective, tensor);
                collective.join();
                return ops.doubles(tensor);
            });
        }
    }

    private static float[] toFloats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
