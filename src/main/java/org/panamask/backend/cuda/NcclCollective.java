package org.panamask.backend.cuda;

import java.util.List;
import java.util.function.Consumer;
import org.panamask.backend.BackendException;
import org.panamask.backend.Collective;
import org.panamask.ffi.LibraryLoadException;
import org.panamask.ffi.cuda.CudaEvent;
import org.panamask.ffi.cuda.CudaStream;
import org.panamask.ffi.cuda.NcclCommunicator;
import org.panamask.ffi.cuda.NcclException;
import org.panamask.ffi.cuda.NcclLibrary;
import org.panamask.launch.RankException;
import org.panamask.launch.Ranks;
import org.panamask.tensor.Tensor;

/// Sums of tensors in device memory by NCCL, on a stream of their own beside the one that computes. Each operation
/// waits there for what was computed before it; [#join] makes the computing stream wait for the last one. Used on the
/// job thread.
final class NcclCollective implements Collective {
    private static final long WARM_UP_BYTES = 512;

    private final CudaDevice device;
    private final Ranks ranks;
    private final Consumer<Runnable> betweenJobs;
    private final Closing closing = new Closing();
    private final CudaStream stream;
    private final CudaEvent ready;
    private final CudaEvent done;
    private final NcclCommunicator communicator;
    private final NcclWatch watch;
    private boolean pending;
    private boolean closed;

    private NcclCollective(CudaDevice device, Ranks ranks, Consumer<Runnable> betweenJobs) {
        this.device = device;
        this.ranks = ranks;
        this.betweenJobs = betweenJobs;
        try {
            NcclLibrary library = NcclLibrary.load();
            this.stream = closing.add(CudaStream.create(device.context()));
            this.ready = closing.add(CudaEvent.ordering(device.context()));
            this.done = closing.add(CudaEvent.ordering(device.context()));
            byte[] mine = ranks.place().isFirst() ? library.uniqueId() : new byte[0];
            List<byte[]> ids = ranks.gather("the id of nccl", mine);
            this.communicator = closing.add(NcclJoining.join(library, device.context(), ids.getFirst(), ranks));
            this.watch = closing.add(NcclWatch.start(communicator, done, device.context(), ranks));
        } catch (RuntimeException failure) {
            throw closing.after(failure);
        }
    }

    /// Joins `ranks`, and lets them sum something, which makes their connections.
    ///
    /// @param device computes
    /// @param ranks who takes part
    /// @param betweenJobs runs something on the job thread and waits for it
    /// @throws BackendException if there is no NCCL, or it refuses
    /// @throws RankException if the others do not come
    static NcclCollective open(CudaDevice device, Ranks ranks, Consumer<Runnable> betweenJobs) {
        try {
            NcclCollective made = new NcclCollective(device, ranks, betweenJobs);
            try {
                made.warmUp(device.keep("cuda", WARM_UP_BYTES, "the first sum").address());
                return made;
            } catch (RuntimeException failure) {
                made.pending = true;
                closeAfter(made, failure);
                throw failure;
            }
        } catch (LibraryLoadException | NcclException failure) {
            throw new BackendException("backend cuda: " + ranks.place().text() + ": " + failure.getMessage(), failure);
        }
    }

    private static void closeAfter(NcclCollective made, RuntimeException failure) {
        try {
            made.close();
        } catch (RuntimeException second) {
            failure.addSuppressed(second);
        }
    }

    private void warmUp(long address) {
        stream.fill(address, (byte) 0, WARM_UP_BYTES);
        start(() -> communicator.sum(
                new NcclCommunicator.Elements(address, WARM_UP_BYTES / Float.BYTES, NcclCommunicator.Type.F32),
                stream));
        join();
        device.queue().finish();
        requireNoFailure();
    }

    @Override
    public int rank() {
        return ranks.place().rank();
    }

    @Override
    public int world() {
        return ranks.place().world();
    }

    @Override
    public void sum(Tensor tensor) {
        NcclCommunicator.Elements elements = elements(tensor);
        start(() -> communicator.sum(elements, stream));
    }

    @Override
    public void average(Tensor tensor) {
        NcclCommunicator.Elements elements = elements(tensor);
        start(() -> communicator.average(elements, stream));
    }

    @Override
    public void sumParts(Tensor tensor) {
        NcclCommunicator.Elements elements = elements(tensor);
        long part = part(tensor);
        start(() -> communicator.sumParts(elements, part, stream));
    }

    @Override
    public void gatherParts(Tensor tensor) {
        NcclCommunicator.Elements elements = elements(tensor);
        long part = part(tensor);
        start(() -> communicator.gatherParts(elements, part, stream));
    }

    private static NcclCommunicator.Elements elements(Tensor tensor) {
        NcclCommunicator.Type type = switch (tensor.dtype()) {
            case F32 -> NcclCommunicator.Type.F32;
            case F64 -> NcclCommunicator.Type.F64;
            default -> throw new IllegalArgumentException("ranks: numbers must be of F32 or F64, but got " + tensor);
        };
        return new NcclCommunicator.Elements(tensor.memory().address(), tensor.count(), type);
    }

    private long part(Tensor tensor) {
        if (tensor.count() % world() != 0) {
            throw new IllegalArgumentException(
                    "ranks: a tensor must have " + world() + " equal parts, but got " + tensor.shape());
        }
        return tensor.count() / world();
    }

    /// What is in the queue is enqueued first: the operation waits for it, and for nothing that comes later.
    private void start(Runnable operation) {
        requireNoFailure();
        device.queue().flush();
        ready.record(device.compute());
        stream.waitFor(ready);
        // Also if it fails: then there may be something to give up.
        pending = true;
        try {
            watch.during(operation);
        } catch (NcclException failure) {
            throw new RankException(ranks.place().text() + ": " + failure.getMessage(), failure);
        }
        done.record(stream);
        watch.started();
    }

    @Override
    public void join() {
        requireNoFailure();
        if (pending) {
            device.compute().waitFor(done);
            pending = false;
        }
    }

    private void requireNoFailure() {
        ranks.failure().ifPresent(failure -> {
            throw failure;
        });
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (pending || ranks.failure().isPresent()) {
                communicator.abort();
            }
            betweenJobs.accept(closing::close);
        }
    }
}
