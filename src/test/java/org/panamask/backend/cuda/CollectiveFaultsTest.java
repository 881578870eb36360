package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.panamask.backend.BackendException;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.NativeException;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.RankException;
import org.panamask.launch.RankTimes;
import org.panamask.launch.Ranks;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Every function that sums over ranks call fails once, on whichever rank calls it first.
@Timeout(300)
class CollectiveFaultsTest {
    private static final int WORLD = 2;
    private static final int COUNT = 64;
    private static final int SYSTEM_ERROR = 2;
    private static final int INVALID_VALUE = 1;

    /// What a thread of its own calls to look for errors: the sums may be there before it.
    private static final Set<String> WATCHING = Set.of("cuCtxSetCurrent", "ncclCommGetAsyncError", "cuEventQuery");

    @BeforeEach
    void require() {
        Emulator.folder();
    }

    @AfterEach
    void forget() {
        Faults.reset();
        Faults.recover();
    }

    /// What every rank has in the end.
    private static double[] sums(CudaBackend backend, Ranks ranks) {
        try (Collective collective = backend.collective(ranks);
                Owner owner = backend.owner("sums")) {
            try {
                return backend.run("sum", Precision.F32, ops -> {
                    double[] mine = new double[COUNT];
                    Arrays.setAll(mine, i -> i * (1 + ranks.place().rank()));
                    Tensor tensor = ops.zeros(owner, Shape.of(COUNT), DType.F32);
                    ops.copy(ops.upload(Shape.of(COUNT), mine), tensor);
                    collective.sum(tensor);
                    collective.average(tensor);
                    collective.sumParts(tensor);
                    collective.gatherParts(tensor);
                    collective.join();
                    return ops.doubles(tensor);
                });
            } catch (RuntimeException failure) {
                // The others hear of it before anything is closed.
                ranks.fail(failure);
                throw failure;
            }
        }
    }

    /// What all ranks threw while the first call of `function` failed.
    private static List<Throwable> thrown(String function, int code) {
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        RankTimes times = new RankTimes(Duration.ofSeconds(20), Duration.ofSeconds(20));
        LocalRanks.runEach(LocalRanks.launches(WORLD), launch -> {
            CudaBackend backend = CudaFixture.open();
            try (Ranks ranks = Ranks.join(launch, times)) {
                if (ranks.place().isFirst()) {
                    Faults.reset();
                    Faults.fail(function, 1, code);
                }
                try {
                    ranks.gather("ready", new byte[0]);
                    sums(backend, ranks);
                } catch (RuntimeException failure) {
                    failures.add(failure);
                    ranks.fail(failure);
                }
            }
            try {
                backend.close();
            } catch (RuntimeException failure) {
                failures.add(failure);
            }
            assertThat(backend.ledger().total()).as(function).isZero();
            assertThat(backend.objects().byKind()).as(function).isEmpty();
            return 0;
        });
        return failures;
    }

    private static List<double[]> undisturbed() {
        return LocalRanks.run(WORLD, ranks -> {
            try (CudaBackend backend = CudaFixture.open()) {
                return sums(backend, ranks);
            }
        });
    }

    @Test
    void whicheverFunctionOfASumFailsSomeRankNamesItAndTheNextRunWorks() {
        List<double[]> expected = undisturbed();
        assertThat(thrown("", 0)).isEmpty();
        Set<String> functions = new TreeSet<>(Faults.trace().keySet());
        functions.removeIf(name -> WATCHING.contains(name) || !name.matches("(cu|nccl)[A-Z].*"));
        FaultCount count = new FaultCount("sums over two ranks, one call of each function");
        for (String function : functions) {
            boolean nccl = function.startsWith("nccl");
            List<Throwable> failures = thrown(function, nccl ? SYSTEM_ERROR : INVALID_VALUE);
            assertThat(Faults.failed()).isEqualTo(function);
            assertThat(failures)
                    .as(function)
                    .isNotEmpty()
                    .allMatch(failure -> failure instanceof BackendException
                            || failure instanceof RankException
                            || failure instanceof NativeException)
                    .anyMatch(failure -> failure.getMessage().contains(function)
                            && (nccl || failure.getMessage().contains("CUDA_ERROR_INVALID_VALUE")));
            failures.stream()
                    .filter(failure -> failure.getMessage().contains(function))
                    .findFirst()
                    .ifPresent(count::said);
            Disturbance.same(undisturbed(), expected, function);
        }
        assertThat(count.failed()).isGreaterThan(20);
        count.keep();
    }
}
