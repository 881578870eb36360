package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Every native byte has an owner, and a closed owner owes none, whatever happens on the way.
class LedgerContractTest extends BackendContract {
    private static Weight weight(BackwardOps ops, Owner owner) {
        return ops.weight(owner, HostTensor.of("w", Shape.of(2, 2), 1, 2, 3, 4), false);
    }

    private static Tensor ones(BackwardOps ops, long... extents) {
        Shape shape = Shape.of(extents);
        double[] ones = new double[Math.toIntExact(shape.count())];
        Arrays.fill(ones, 1);
        Tensor tensor = ops.empty(shape, ops.dtype());
        ops.copy(ops.upload(shape, ones), tensor);
        return tensor;
    }

    /// Who owns what, but for what the backend keeps for itself as long as it is open.
    private Map<String, Long> owners() {
        Map<String, Long> owners = new LinkedHashMap<>(backend.ledger().owners());
        owners.remove(backend.name());
        return owners;
    }

    @Test
    void openOwnersAreClosedWithTheBackend() {
        Owner owner = backend.owner("weights");
        backend.run("load", contract.precision(), ops -> ops.linear(ones(ops, 3, 2), weight(ops, owner)));
        assertThat(owners()).containsOnlyKeys("weights", "arena");
        assertThat(backend.ledger().owners()).containsEntry("weights", owner.bytes());
        backend.close();
        assertThat(owner.bytes()).isZero();
        assertThat(backend.ledger().owners()).isEmpty();
        owner.close();
    }

    @Test
    void aClosedOwnerOwesNothing() {
        Owner owner = backend.owner("weights");
        backend.run("load", contract.precision(), ops -> ops.linear(ones(ops, 3, 2), weight(ops, owner)));
        owner.close();
        owner.close();
        assertThat(owner.bytes()).isZero();
        assertThat(owners()).containsOnlyKeys("arena");
    }

    @Test
    void aJobThatThrowsLeavesOnlyItsOwnersAndTheNextJobRuns() {
        Owner owner = backend.owner("weights");
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.run("load", contract.precision(), ops -> {
                    Weight w = weight(ops, owner);
                    ops.arena().use(JobArena.End.HIGH);
                    return ops.chain(
                            "layers",
                            ones(ops, 500, 2),
                            3,
                            (index, x) -> ops.scoped(() -> {
                                if (index == 1) {
                                    throw new IllegalStateException("in the middle");
                                }
                                return ops.linear(x, w);
                            }));
                }))
                .withMessage("in the middle");
        double[] y = backend.run("next", contract.precision(), ops -> {
            assertThat(ops.arena().end()).isEqualTo(JobArena.End.LOW);
            return ops.doubles(ops.linear(ones(ops, 1, 2), weight(ops, owner)));
        });
        assertThat(y).containsExactly(3, 7);
        assertThat(owners()).containsOnlyKeys("weights", "arena");
    }

    /// Rows enough for every thread to find one that does not fit.
    @Test
    void aLoopThatThrowsOnEveryThreadDoesNotSpoilTheNextJob() {
        int rows = 4096;
        int[] wrong = new int[rows];
        Arrays.fill(wrong, 9);
        for (int[] positions : new int[][] {wrong, new int[rows], wrong}) {
            boolean fits = positions[0] == 0;
            if (fits) {
                backend.run("turn", contract.precision(), ops -> turn(ops, positions));
            } else {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> backend.run("turn", contract.precision(), ops -> turn(ops, positions)))
                        .withMessage("rotate: positions must be in [0, 4), but got 9 at position 0");
            }
        }
        backend.run("add", contract.precision(), ops -> ops.add(ones(ops, 2, 2), ones(ops, 2, 2)));
    }

    private static Tensor turn(BackwardOps ops, int[] positions) {
        Tensor angles = ops.upload(Shape.of(4, 8), new double[32]);
        Tensor where = ops.upload(Shape.of(positions.length), positions);
        return ops.rotate(ones(ops, positions.length, 2, 16), new Ops.Rotation(angles, angles, where));
    }

    @Test
    void anOwnerThatIsClosedDuringAJobGivesItsMemoryBackAfterIt() throws InterruptedException {
        Owner owner = backend.owner("weights");
        Weight w = backend.run("load", contract.precision(), ops -> weight(ops, owner));
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        CompletableFuture<Long> job = backend.submit("use", contract.precision(), ops -> {
            w.value().memory();
            running.countDown();
            awaitClosed(closing, w);
            return backend.ledger().owners().get("weights");
        });
        running.await();
        long bytes = owner.bytes();
        Thread closer = Thread.ofVirtual().start(() -> {
            closing.countDown();
            owner.close();
        });
        assertThat(job.join()).as("while the job runs").isEqualTo(bytes);
        closer.join();
        assertThat(owner.bytes()).isZero();
        assertThat(backend.ledger().owners()).doesNotContainKey("weights");
    }

    /// Waits until the scope of `w` is closed, which happens at once.
    private static void awaitClosed(CountDownLatch closing, Weight w) {
        try {
            closing.await();
            while (w.value().scope().isOpen()) {
                Thread.onSpinWait();
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError("interrupted", interrupted);
        }
    }

    @Test
    void ownersMayBeClosedInsideAJob() {
        long left = backend.run("load", contract.precision(), ops -> {
            try (Owner owner = backend.owner("weights")) {
                weight(ops, owner);
            }
            return backend.ledger().owners().getOrDefault("weights", 0L);
        });
        assertThat(left).isZero();
    }

    @Test
    void aJobMustNotCloseItsBackend() {
        assertThatThrownBy(() -> backend.run("load", contract.precision(), _ -> {
                    backend.close();
                    return true;
                }))
                .isInstanceOf(BackendException.class)
                .hasMessage("backend " + backend.name() + ": a job must not close the backend that runs it;"
                        + " close it when the job has returned");
    }

    @Test
    void aBackendClosesAfterTheJobsSubmittedBefore() {
        CompletableFuture<double[]> job =
                backend.submit("late", contract.precision(), ops -> ops.doubles(ones(ops, 100, 100)));
        backend.close();
        assertThat(job).isCompleted();
        assertThat(job.join()).hasSize(10_000);
    }

    @Test
    void aJobThatFindsNoMemoryLeavesNothing() {
        backend.run("start", contract.precision(), Ops::dtype);
        long kept = backend.ledger().total();
        backend.close();
        BackendSettings small = BackendSettings.defaults()
                .with("name", contract.name())
                .with("dtype", contract.precision())
                .with("memory_limit", kept / 1024 + 4096 + "KiB");
        backend = Backends.open(small);
        Owner owner = backend.owner("weights");
        assertThatThrownBy(() -> backend.run("load", contract.precision(), ops -> {
                    ops.zeros(owner, Shape.of(1 << 18), DType.F32);
                    return ops.empty(Shape.of(1 << 20), DType.F32);
                }))
                .isInstanceOf(DeviceMemoryException.class)
                .hasMessageMatching("out of memory: asked 4\\.00 MiB for \\[1048576\\] F32, [0-9.]+ MiB in use"
                        + " \\(.*weights 1\\.00 MiB.*\\) of a limit of [0-9.]+ MiB; lower train\\.micro_batch or"
                        + " data\\.max_tokens, .*or raise backend\\.memory_limit");
        assertThat(owners()).containsOnlyKeys("weights");
    }
}
