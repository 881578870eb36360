package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

class CudaBackendTest {
    private CudaBackend backend;

    @BeforeEach
    void start() {
        backend = CudaFixture.open();
    }

    @AfterEach
    void stop() {
        if (backend != null) {
            backend.close();
            assertThat(backend.ledger().total()).isZero();
            assertThat(backend.objects().byKind()).isEmpty();
        }
    }

    @Test
    void numbersOfTheHostComeBackAsTheyWent() {
        List<double[]> read = backend.run("copy", Precision.F32, ops -> {
            Tensor ids = ops.upload(Shape.of(3), new int[] {7, -1, 1 << 30});
            Tensor values = ops.upload(Shape.of(2), new double[] {0.5, -3});
            assertThat(ops.ints(ids)).containsExactly(7, -1, 1 << 30);
            return List.of(ops.doubles(values));
        });
        assertThat(read.getFirst()).containsExactly(0.5, -3);
    }

    @Test
    void numbersThatDoNotFitTheStagingComeBackToo() {
        int count = Staging.BYTES / 4 + 1000;
        int[] many = new int[count];
        for (int i = 0; i < count; i++) {
            many[i] = 31 * i;
        }
        assertThat(backend.<int[]>run("copy", Precision.F32, ops -> ops.ints(ops.upload(Shape.of(count), many))))
                .isEqualTo(many);
    }

    @Test
    void manyNumbersOfOneJobStayApart() {
        int[][] read = backend.run("copy", Precision.F32, ops -> {
            Tensor[] tensors = new Tensor[40];
            for (int i = 0; i < tensors.length; i++) {
                int[] values = new int[20_000];
                Arrays.fill(values, i);
                tensors[i] = ops.upload(Shape.of(values.length), values);
            }
            return Stream.of(tensors).map(ops::ints).toArray(int[][]::new);
        });
        for (int i = 0; i < read.length; i++) {
            assertThat(read[i]).containsOnly(i);
        }
    }

    @Test
    void ownersKeepZerosAndCopiesBeyondTheJob() {
        Owner owner = backend.owner("kept");
        Tensor kept = backend.run("make", Precision.BF16, ops -> ops.zeros(owner, Shape.of(2, 3), DType.F32));
        backend.run("fill", Precision.F32, ops -> {
            ops.copy(ops.upload(Shape.of(2, 3), new double[] {1, 2, 3, 4, 5, 6}), kept);
            return kept;
        });
        assertThat(backend.<double[]>run("read", Precision.F32, ops -> ops.doubles(kept)))
                .containsExactly(1, 2, 3, 4, 5, 6);
        backend.run("clear", Precision.F32, ops -> {
            ops.clear(kept);
            return kept;
        });
        assertThat(backend.<double[]>run("read", Precision.F32, ops -> ops.doubles(kept)))
                .containsOnly(0);
        owner.close();
        assertThat(backend.ledger().owners()).doesNotContainKey("kept");
    }

    @Test
    void weightsKeepTheirValuesInTheTypeOfTheJobOrInF32WhenTrained() {
        Owner owner = backend.owner("weights");
        HostTensor source = HostTensor.of("w", Shape.of(2, 2), 1, 1.5f, -2, 1 / 3f);
        Weight frozen = backend.run("load", Precision.BF16, ops -> ops.weight(owner, source, false));
        Weight trained = backend.run("load", Precision.BF16, ops -> ops.weight(owner, source, true));
        assertThat(frozen.value().dtype()).isEqualTo(DType.BF16);
        assertThat(trained.value().dtype()).isEqualTo(DType.F32);
        assertThat(backend.<double[]>run("read", Precision.F32, ops -> ops.doubles(frozen.value())))
                .containsExactly(1, 1.5, -2, 0.333984375);
        assertThat(backend.<double[]>run("read", Precision.F32, ops -> ops.doubles(trained.value())))
                .containsExactly(1, 1.5, -2, 1 / 3f);
    }

    @Test
    void weightsOfEveryStoredTypeArriveAsTheReferenceRoundsThem() {
        Random random = new Random(5);
        int count = 1000;
        for (DType stored : List.of(DType.F32, DType.BF16, DType.F16, DType.F64)) {
            MemorySegment numbers = MemorySegment.ofArray(new long[count]).asSlice(0, (long) count * stored.bytes());
            for (int i = 0; i < count; i++) {
                HostNumbers.put(numbers, stored, i, random.nextGaussian());
            }
            HostTensor source = new HostTensor("w", stored, Shape.of(count), numbers);
            for (Precision precision : List.of(Precision.F32, Precision.BF16, Precision.F16)) {
                double[] read = backend.run("load", precision, ops -> {
                    try (Owner owner = backend.owner("weights")) {
                        return ops.doubles(ops.weight(owner, source, false).value());
                    }
                });
                for (int i = 0; i < count; i++) {
                    MemorySegment one = MemorySegment.ofArray(new long[1]);
                    HostNumbers.put(one, precision.activations(), 0, source.at(i));
                    assertThat(read[i])
                            .as("%s to %s", stored, precision)
                            .isEqualTo(HostNumbers.at(one, precision.activations(), 0));
                }
            }
        }
    }

    @Test
    void survivorsOfAScopeMoveWhereverTheirOldPlaceBegins() {
        int count = 300_000;
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = i ^ i << 7;
        }
        for (JobArena.End end : JobArena.End.values()) {
            for (int gap : new int[] {1, 64, 100_000, 400_000}) {
                assertThat(backend.<int[]>run("move", Precision.F32, ops -> {
                            ops.arena().use(end);
                            JobArena.Mark mark = ops.arena().mark(end);
                            ops.empty(Shape.of(gap), DType.I32);
                            Tensor tensor = ops.upload(Shape.of(count), values);
                            return ops.ints(ops.arena()
                                    .releaseKeeping(mark, List.of(tensor))
                                    .getFirst());
                        }))
                        .as("%s, gap %d", end, gap)
                        .isEqualTo(values);
            }
        }
    }

    @Test
    void indicesOutsideAreRefusedWhetherTheHostKnowsThemOrNot() {
        CudaFixture.run(backend, job -> {
            Tensor known = job.upload(Shape.of(3), new int[] {0, 4, 5});
            Tensor made = job.make(Shape.of(3), DType.I32);
            job.enqueue(new Command.Copy(known.memory().address(), made.memory().address(), known.bytes()));
            for (Tensor ids : List.of(known, made)) {
                job.requireIndices("embedding: ids", ids, 6);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> job.requireIndices("embedding: ids", ids, 5))
                        .withMessage("embedding: ids must be in [0, 5), but got 5 at position 2");
            }
            return known;
        });
    }

    @Test
    void memoryBeyondTheLimitIsRefusedWithTheOwners() {
        try (CudaBackend small =
                CudaBackend.open(BackendSettings.defaults().with("name", "cuda").with("memory_limit", "64MiB"))) {
            Owner owner = small.owner("weights");
            assertThatExceptionOfType(DeviceMemoryException.class)
                    .isThrownBy(() ->
                            small.run("load", Precision.F32, ops -> ops.zeros(owner, Shape.of(32 << 20), DType.F32)))
                    .withMessageContaining("asked 128.00 MiB for [33554432] F32")
                    .withMessageContaining("in use (cuda ")
                    .withMessageContaining("raise backend.memory_limit");
        }
    }

    @Test
    void doublePrecisionIsRefused() {
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.require(Precision.F64))
                .withMessageContaining("it computes in f32, bf16, f16 and fp8, but got f64");
    }

    @Test
    void theReportNamesDeviceDriverAndKernels() {
        assertThat(backend.report())
                .containsEntry("backend", "cuda")
                .containsEntry("capability", "8.9")
                .containsKeys("device", "uuid", "multiprocessors", "memory", "driver", "kernels", "launches");
        assertThat(backend.report().get("uuid")).matches("GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    }
}
