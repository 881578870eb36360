package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.RankException;
import org.panamask.launch.Ranks;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

@Timeout(60)
final class NcclCollectiveTest {
    private static final int COUNT = 1200;

    @BeforeEach
    void requireTheEmulator() {
        Emulator.require();
    }

    private static CudaBackend open() {
        return CudaBackend.open(BackendSettings.defaults().with("name", "cuda").with("device", "0"));
    }

    private static double number(int rank, int i) {
        double x = 0.618_033_988_75 * (i + 1) * (rank + 1);
        return x - Math.floor(x) - 0.4;
    }

    private static double[] run(Ranks ranks, BiConsumer<Collective, Tensor> work) {
        double[] mine = new double[COUNT];
        Arrays.setAll(mine, i -> number(ranks.place().rank(), i));
        try (CudaBackend backend = open();
                Collective collective = backend.collective(ranks);
                Owner owner = backend.owner("sums")) {
            return backend.run("sum", Precision.F32, ops -> {
                Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                ops.copy(ops.upload(Shape.of(COUNT), mine), tensor);
                work.accept(collective, tensor);
                collective.join();
                return ops.doubles(tensor);
            });
        }
    }

    private static List<double[]> all(int world, BiConsumer<Collective, Tensor> work) {
        return LocalRanks.run(world, ranks -> run(ranks, work));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void sumsAreThoseOfAllRanks(int world) {
        List<double[]> results = all(world, Collective::sum);
        for (double[] result : results) {
            assertThat(result).isEqualTo(results.getFirst());
            for (int i = 0; i < COUNT; i++) {
                float sum = 0;
                for (int rank = 0; rank < world; rank++) {
                    sum += (float) number(rank, i);
                }
                assertThat((float) result[i]).isEqualTo(sum);
            }
        }
    }

    @Test
    void averagesAreSumsOverTheNumberOfRanks() {
        double[] sums = all(2, Collective::sum).getFirst();
        double[] means = all(2, Collective::average).getLast();
        assertThat(means).isEqualTo(Arrays.stream(sums).map(sum -> sum / 2).toArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void partsSummedAndGatheredAreTheSums(int world) {
        double[] sums = all(world, Collective::sum).getFirst();
        List<double[]> parts = all(world, (collective, tensor) -> {
            collective.sumParts(tensor);
            collective.gatherParts(tensor);
        });
        assertThat(parts).allSatisfy(each -> assertThat(each).isEqualTo(sums));
    }

    @Test
    void aRankThatFailsAbortsTheSumsOfTheOthers() {
        List<String> seen = LocalRanks.run(2, ranks -> {
            try (CudaBackend backend = open();
                    Collective collective = backend.collective(ranks);
                    Owner owner = backend.owner("sums")) {
                if (!ranks.place().isFirst()) {
                    ranks.fail(new IllegalStateException("out of memory"));
                    return "";
                }
                return backend.run("sum", Precision.F32, ops -> {
                    Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                    try {
                        collective.sum(tensor);
                        collective.join();
                        assertThat(ops.doubles(tensor)).hasSize(COUNT);
                        collective.join();
                        return "nothing failed";
                    } catch (RankException failure) {
                        return String.valueOf(failure.getMessage());
                    }
                });
            }
        });
        assertThat(seen.getFirst()).isEqualTo("rank 0 of 2 cannot go on: rank 1 of 2 failed: out of memory");
    }

    @Test
    void nothingIsLeftOpen() {
        LocalRanks.run(2, ranks -> {
            CudaBackend backend = open();
            Collective collective = backend.collective(ranks);
            collective.close();
            collective.close();
            backend.close();
            assertThat(backend.objects().byKind()).isEmpty();
            assertThat(backend.ledger().total()).isZero();
            return 0;
        });
    }
}
