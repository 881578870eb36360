package org.panamask.backend.cuda;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaEvent;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.NcclCommunicator;
import org.panamask.ffi.cuda.NcclException;
import org.panamask.launch.RankException;
import org.panamask.launch.Ranks;

/// Looks after a communicator on a thread of its own: an error of NCCL, an operation that takes too long, or the
/// failure of another rank aborts it, so that a job that waits for the device comes back, and all ranks hear why.
final class NcclWatch implements AutoCloseable {
    private static final Duration EVERY = Duration.ofMillis(100);
    private static final long NOTHING = 0;

    private final NcclCommunicator communicator;
    private final CudaEvent done;
    private final Ranks ranks;
    private final AtomicLong since = new AtomicLong(NOTHING);
    private final Thread thread;
    private volatile boolean closed;

    private NcclWatch(NcclCommunicator communicator, CudaEvent done, CudaContext context, Ranks ranks) {
        this.communicator = communicator;
        this.done = done;
        this.ranks = ranks;
        this.thread = Thread.ofPlatform().daemon().name("panamask-nccl-watch").unstarted(() -> watch(context));
    }

    /// Watches until it is closed; `done` stands for the newest operation.
    static NcclWatch start(NcclCommunicator communicator, CudaEvent done, CudaContext context, Ranks ranks) {
        NcclWatch watch = new NcclWatch(communicator, done, context, ranks);
        watch.thread.start();
        ranks.onFailure(_ -> watch.abort());
        return watch;
    }

    /// An operation was enqueued.
    void started() {
        since.compareAndSet(NOTHING, Math.max(1, System.nanoTime()));
    }

    private void watch(CudaContext context) {
        try {
            context.makeCurrent();
            while (!closed) {
                Thread.sleep(EVERY);
                look();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (CudaException | NcclException failure) {
            if (!closed) {
                fail(String.valueOf(failure.getMessage()));
            }
        }
    }

    private void look() {
        Optional<String> error = communicator.error();
        if (error.isPresent()) {
            fail(error.get());
            return;
        }
        long start = since.get();
        if (start != NOTHING && done.isDone()) {
            since.compareAndSet(start, NOTHING);
        } else if (start != NOTHING
                && System.nanoTime() - start > ranks.patience().toNanos()) {
            fail("a sum over the ranks took longer than " + ranks.patience().toSeconds()
                    + " s; look whether all ranks still work, or raise ranks.step_seconds");
        }
    }

    /// The others hear of it first: an abort may take its time.
    private void fail(String why) {
        ranks.fail(new RankException("nccl: " + why));
        abort();
    }

    private void abort() {
        if (!closed) {
            communicator.abort();
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
