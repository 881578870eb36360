package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaDriver;
import org.panamask.ffi.cuda.NcclCommunicator;
import org.panamask.ffi.cuda.NcclException;
import org.panamask.ffi.cuda.NcclLibrary;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.RankException;
import org.panamask.launch.RankTimes;
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
            return told(
                    ranks,
                    () -> backend.run("sum", Precision.F32, ops -> {
                        Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                        ops.copy(ops.upload(Shape.of(COUNT), mine), tensor);
                        work.accept(collective, tensor);
                        collective.join();
                        return ops.doubles(tensor);
                    }));
        }
    }

    /// The others hear of a failure before anything is closed, as in a run.
    private static double[] told(Ranks ranks, Supplier<double[]> work) {
        try {
            return work.get();
        } catch (RuntimeException failure) {
            ranks.fail(failure);
            throw failure;
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
            // The news may come while the others still join, or when they already sum.
            try (CudaBackend backend = open();
                    Collective collective = backend.collective(ranks);
                    Owner owner = backend.owner("sums")) {
                if (!ranks.place().isFirst()) {
                    ranks.fail(new IllegalStateException("out of memory"));
                    return "";
                }
                return backend.run("sum", Precision.F32, ops -> {
                    Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                    collective.sum(tensor);
                    collective.join();
                    assertThat(ops.doubles(tensor)).hasSize(COUNT);
                    collective.join();
                    return "nothing failed";
                });
            } catch (RankException failure) {
                return String.valueOf(failure.getMessage());
            }
        });
        assertThat(seen.getFirst()).isEqualTo("rank 0 of 2 cannot go on: rank 1 of 2 failed: out of memory");
    }

    @Test
    void aSumThatTakesTooLongIsAborted() {
        RankTimes times = new RankTimes(Duration.ofSeconds(20), Duration.ofMillis(500));
        List<String> seen = LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            try (Ranks ranks = Ranks.join(launch, times);
                    CudaBackend backend = open();
                    Collective collective = backend.collective(ranks);
                    Owner owner = backend.owner("sums")) {
                if (launch.place().isFirst()) {
                    return backend.run("sum", Precision.F32, ops -> {
                        Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                        collective.sum(tensor);
                        collective.join();
                        return failing(() -> {
                            assertThat(ops.doubles(tensor)).hasSize(COUNT);
                            collective.join();
                        });
                    });
                }
                while (ranks.failure().isEmpty()) {
                    Thread.onSpinWait();
                }
                return failing(collective::join);
            }
        });
        assertThat(seen)
                .allMatch(
                        message -> message.contains("rank 0 of 2 failed: nccl: a sum over the ranks took longer than 0"
                                + " s; look whether all ranks still work, or raise ranks.step_seconds"));
    }

    private static String failing(Runnable work) {
        try {
            work.run();
            return "nothing failed";
        } catch (RankException failure) {
            return String.valueOf(failure.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ncclGetUniqueId",
                "ncclAllReduce",
                "ncclReduceScatter",
                "ncclAllGather",
                "ncclCommFinalize",
                "ncclCommDestroy"
            })
    void aCallThatFailsIsSaidByEveryRankOrTheOneAndTheNextRunWorks(String function) {
        Faults.reset();
        Faults.fail(function, 1, 2);
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            RankTimes times = new RankTimes(Duration.ofSeconds(20), Duration.ofSeconds(20));
            try (Ranks ranks = Ranks.join(launch, times)) {
                try {
                    run(ranks, (collective, tensor) -> {
                        collective.sum(tensor);
                        collective.sumParts(tensor);
                        collective.gatherParts(tensor);
                    });
                } catch (RuntimeException failure) {
                    failures.add(failure);
                    ranks.fail(failure);
                }
            }
            return 0;
        });
        assertThat(failures)
                .isNotEmpty()
                .allMatch(failure -> failure instanceof BackendException
                        || failure instanceof RankException
                        || failure instanceof NcclException)
                .anyMatch(failure -> failure.getMessage().contains(function + " "));
        Faults.reset();
        assertThat(all(2, Collective::sum)).hasSize(2);
    }

    /// Rank 1 knows the id and does not join before rank 0 has given up; rank 0's message.
    private static String withoutTheOther(RankTimes times, Consumer<Ranks> instead) {
        return LocalRanks.runEach(LocalRanks.launches(2), launch -> {
                    try (Ranks ranks = Ranks.join(launch, times)) {
                        if (launch.place().isFirst()) {
                            return failing(() -> {
                                try (CudaBackend backend = open()) {
                                    backend.collective(ranks).close();
                                } finally {
                                    ranks.fail(new IllegalStateException("gave up"));
                                }
                            });
                        }
                        byte[] id = ranks.gather("the id of nccl", new byte[0]).getFirst();
                        instead.accept(ranks);
                        while (ranks.failure().isEmpty()) {
                            Thread.onSpinWait();
                        }
                        joinLate(id);
                        return "";
                    }
                })
                .getFirst();
    }

    /// What still waits comes back then.
    private static void joinLate(byte[] id) {
        NativeObjects objects = new NativeObjects();
        CudaContext context = CudaContext.retain(CudaDriver.load().facts(0), objects);
        try (context;
                NcclCommunicator late = NcclLibrary.load().join(context, id, 1, 2)) {
            late.abort();
        }
        assertThat(objects.byKind()).isEmpty();
    }

    @Test
    void aRankThatFailsWhileOthersJoinIsHeardOf() {
        RankTimes times = new RankTimes(Duration.ofSeconds(20), Duration.ofSeconds(20));
        assertThat(withoutTheOther(times, ranks -> ranks.fail(new IllegalStateException("no such model"))))
                .isEqualTo("rank 0 of 2 cannot go on: rank 1 of 2 failed: no such model");
    }

    @Test
    void aRankThatDoesNotJoinInTimeIsGivenUp() {
        RankTimes times = new RankTimes(Duration.ofSeconds(20), Duration.ofMillis(700));
        assertThat(withoutTheOther(times, _ -> {})).startsWith("rank 0 of 2: nccl waited 0 s for all ranks to join");
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
