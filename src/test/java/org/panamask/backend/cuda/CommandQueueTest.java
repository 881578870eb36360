package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

class CommandQueueTest {
    private static final int COUNT = 300;

    /// Twelve launches that each depend on the one before and on a number of the host.
    private static double[] chained(CudaJob job, Tensor start, double addend) {
        Tensor shift = job.upload(Shape.of(1), new float[] {(float) addend});
        Tensor x = start;
        for (int i = 0; i < 12; i++) {
            Tensor y = job.make(Shape.of(COUNT), DType.F32);
            job.launch(
                    job.kernel("arithmetic", "scale"),
                    Grid.covering(COUNT, 128),
                    new Arguments()
                            .pointer(x)
                            .pointer(y)
                            .pointer(shift)
                            .i64(COUNT)
                            .f32(0.75f));
            x = y;
        }
        return job.doubles(x);
    }

    private static double[] run(CudaBackend backend, float start, double addend) {
        return CudaFixture.run(backend, job -> {
            float[] values = new float[COUNT];
            for (int i = 0; i < COUNT; i++) {
                values[i] = start + i;
            }
            return chained(job, job.upload(Shape.of(COUNT), values), addend);
        });
    }

    private static double expected(float start, double addend) {
        float x = start;
        for (int i = 0; i < 12; i++) {
            x = 0.75f * x + (float) addend;
        }
        return x;
    }

    @ParameterizedTest
    @EnumSource(Launching.class)
    void everyWayToLaunchGivesTheSameBitsAndNewInputsCount(Launching launching) {
        try (CudaBackend backend = CudaFixture.open(launching)) {
            for (int pass = 0; pass < 4; pass++) {
                double[] values = run(backend, pass, 0.5 * pass);
                for (int i = 0; i < COUNT; i += 37) {
                    assertThat(values[i]).isEqualTo(expected(pass + i, 0.5 * pass));
                }
            }
        }
    }

    @Test
    void aListThatComesAgainIsCapturedOnceAndReplayed() {
        try (CudaBackend backend = CudaFixture.open()) {
            for (int pass = 0; pass < 5; pass++) {
                run(backend, pass, 1);
            }
            assertThat(backend.report().get("launches"))
                    .endsWith("commands by themselves, 4 graph launches of 1 graphs");
        }
        try (CudaBackend backend = CudaFixture.open(Launching.EAGER)) {
            for (int pass = 0; pass < 3; pass++) {
                run(backend, pass, 1);
            }
            assertThat(backend.report().get("launches"))
                    .isEqualTo("42 commands by themselves, 0 graph launches of 0 graphs");
        }
    }

    @Test
    void theSteadyStateTakesNoMemoryAndKeepsItsAddresses() {
        try (CudaBackend backend = CudaFixture.open()) {
            Owner owner = backend.owner("state");
            Tensor state = backend.run("make", Precision.F32, ops -> ops.zeros(owner, Shape.of(COUNT), DType.F32));
            long allocations = 0;
            long peak = 0;
            for (int step = 0; step < 1000; step++) {
                CudaFixture.run(backend, job -> {
                    double[] values = chained(job, job.upload(Shape.of(COUNT), new float[COUNT]), 1);
                    job.enqueue(new Command.Clear(state.memory().address(), state.bytes()));
                    return values;
                });
                if (step == 2) {
                    allocations = backend.ledger().allocations();
                    peak = backend.ledger().peak();
                }
            }
            assertThat(backend.ledger().allocations()).isEqualTo(allocations);
            assertThat(backend.ledger().peak()).isEqualTo(peak);
        }
    }

    @Test
    void theListsUsedLeastAreForgotten() {
        try (CudaBackend backend = CudaFixture.open()) {
            CudaFixture.run(backend, job -> {
                Tensor x = job.make(Shape.of(1024), DType.F32);
                long at = x.memory().address();
                GraphCache cache = new GraphCache(40);
                List<List<Command>> lists = IntStream.range(0, 8)
                        .mapToObj(each -> IntStream.range(0, 10)
                                .<Command>mapToObj(i -> new Command.Clear(at + 16L * i, each + 1L))
                                .toList())
                        .toList();
                for (List<Command> list : lists) {
                    cache.run(list, job.device().compute());
                    cache.run(list, job.device().compute());
                }
                assertThat(cache.counts()).isEqualTo(new GraphCache.Counts(80, 8, 8));
                assertThat(backend.objects().byKind()).containsEntry("CUgraphExec", 4L);
                job.device().compute().synchronize();
                cache.close();
                return x;
            });
            assertThat(backend.objects().byKind()).doesNotContainKey("CUgraphExec");
        }
    }
}
