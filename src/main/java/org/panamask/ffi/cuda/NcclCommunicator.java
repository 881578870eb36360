package org.panamask.ffi.cuda;

import static org.panamask.bindings.nccl.Nccl.ncclAllGather;
import static org.panamask.bindings.nccl.Nccl.ncclAllReduce;
import static org.panamask.bindings.nccl.Nccl.ncclAvg;
import static org.panamask.bindings.nccl.Nccl.ncclCommAbort;
import static org.panamask.bindings.nccl.Nccl.ncclCommDestroy;
import static org.panamask.bindings.nccl.Nccl.ncclCommFinalize;
import static org.panamask.bindings.nccl.Nccl.ncclCommGetAsyncError;
import static org.panamask.bindings.nccl.Nccl.ncclFloat32;
import static org.panamask.bindings.nccl.Nccl.ncclFloat64;
import static org.panamask.bindings.nccl.Nccl.ncclInProgress;
import static org.panamask.bindings.nccl.Nccl.ncclReduceScatter;
import static org.panamask.bindings.nccl.Nccl.ncclSuccess;
import static org.panamask.bindings.nccl.Nccl.ncclSum;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.panamask.ffi.NativeHandle;

/// One rank's end of a communicator. All ranks enqueue the same operations in the same order; every rank gets the same
/// bits. Another thread may ask for errors and [#abort] while this one waits for the device.
public final class NcclCommunicator extends NativeHandle {
    private static final long PATIENCE_SECONDS = 5;

    private final MemorySegment communicator;
    private final int rank;
    private final Ending ending;

    /// How it ends: once it is aborted or destroyed it is gone, and no call may reach it.
    private static final class Ending {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile boolean gone;

        void destroy(MemorySegment communicator) {
            lock.lock();
            try {
                if (!gone) {
                    gone = true;
                    int finalized = ncclCommFinalize(communicator);
                    int destroyed = ncclCommDestroy(communicator);
                    NcclLibrary.check(finalized, "ncclCommFinalize");
                    NcclLibrary.check(destroyed, "ncclCommDestroy");
                }
            } finally {
                lock.unlock();
            }
        }

        void abort(MemorySegment communicator) {
            if (!gone) {
                gone = true;
                NcclLibrary.check(ncclCommAbort(communicator), "ncclCommAbort");
            }
        }
    }

    /// What the elements are.
    public enum Type {
        /// 32-bit floating point.
        F32(Float.BYTES),
        /// 64-bit floating point.
        F64(Double.BYTES);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        private int code() {
            return switch (this) {
                case F32 -> ncclFloat32();
                case F64 -> ncclFloat64();
            };
        }
    }

    /// Elements of device memory.
    ///
    /// @param address of the first
    /// @param count how many
    /// @param type what they are
    public record Elements(long address, long count, Type type) {
        private MemorySegment from(long element) {
            return MemorySegment.ofAddress(address + element * type.bytes);
        }
    }

    NcclCommunicator(MemorySegment communicator, int rank, CudaContext context) {
        this(communicator, rank, context, new Ending());
    }

    private NcclCommunicator(MemorySegment communicator, int rank, CudaContext context, Ending ending) {
        super("ncclComm", communicator, context.counted(), ending::destroy);
        this.communicator = communicator;
        this.rank = rank;
        this.ending = ending;
    }

    /// Enqueues on `stream`: the elements of every rank become their sum.
    public void sum(Elements elements, CudaStream stream) {
        reduce(elements, ncclSum(), stream);
    }

    /// Enqueues on `stream`: the elements of every rank become their mean.
    public void average(Elements elements, CudaStream stream) {
        reduce(elements, ncclAvg(), stream);
    }

    private void reduce(Elements elements, int reduction, CudaStream stream) {
        enqueue("ncclAllReduce", communicator -> {
            MemorySegment place = elements.from(0);
            return ncclAllReduce(
                    place,
                    place,
                    elements.count(),
                    elements.type().code(),
                    reduction,
                    communicator,
                    stream.handle("ncclAllReduce"));
        });
    }

    /// Enqueues on `stream`: of `part` elements for each rank, this rank's become the sum over all ranks.
    public void sumParts(Elements elements, long part, CudaStream stream) {
        enqueue(
                "ncclReduceScatter",
                communicator -> ncclReduceScatter(
                        elements.from(0),
                        elements.from(rank * part),
                        part,
                        elements.type().code(),
                        ncclSum(),
                        communicator,
                        stream.handle("ncclReduceScatter")));
    }

    /// Enqueues on `stream`: of `part` elements for each rank, those of every rank come from it.
    public void gatherParts(Elements elements, long part, CudaStream stream) {
        enqueue(
                "ncclAllGather",
                communicator -> ncclAllGather(
                        elements.from(rank * part),
                        elements.from(0),
                        part,
                        elements.type().code(),
                        communicator,
                        stream.handle("ncclAllGather")));
    }

    private interface Call {
        int on(MemorySegment communicator);
    }

    private void enqueue(String name, Call call) {
        ending.lock.lock();
        try {
            if (ending.gone) {
                throw new NcclException(name, "ncclInvalidUsage", "the communicator was aborted", -1);
            }
            NcclLibrary.check(call.on(communicator), name);
        } finally {
            ending.lock.unlock();
        }
    }

    /// What went wrong since the last operation was enqueued, on this rank or on another; by any thread.
    public Optional<String> error() {
        if (!ending.lock.tryLock()) {
            return Optional.empty();
        }
        try (Arena frame = Arena.ofConfined()) {
            if (ending.gone) {
                return Optional.empty();
            }
            MemorySegment out = frame.allocate(ValueLayout.JAVA_INT);
            NcclLibrary.check(ncclCommGetAsyncError(communicator, out), "ncclCommGetAsyncError");
            int status = out.get(ValueLayout.JAVA_INT, 0);
            return status == ncclSuccess() || status == ncclInProgress()
                    ? Optional.empty()
                    : Optional.of(NcclLibrary.name(status) + ": " + NcclLibrary.lastError());
        } finally {
            ending.lock.unlock();
        }
    }

    /// Ends what is enqueued, done or not, by any thread; nothing more can be enqueued. Doing it twice does
    /// nothing.
    public void abort() {
        boolean locked = lock();
        try {
            ending.abort(communicator);
        } finally {
            if (locked) {
                ending.lock.unlock();
            }
        }
    }

    /// A call that does not come back must not keep others from ending it.
    private boolean lock() {
        try {
            return ending.lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
