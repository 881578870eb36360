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

/// Looks after a communicator on a thread of its own: an error of NCCL, an operation that takes too long on the device
/// or does not even get there, or the failure of another rank aborts it, so that a job that waits comes back, and all
/// ranks hear why.
final class NcclWatch implements AutoCloseable {
    private static final Duration EVERY = Duration.ofMillis(100);
    private static final long NOTHING = 0;

    private final NcclCommunicator communicator;
    private final CudaEvent done;
    private final CudaContext context;
    private final Ranks ranks;

    /// When the newest operation was enqueued that was not seen done.
    private final AtomicLong since = new AtomicLong(NOTHING);

    /// When the call began in which the job thread is now.
    private final AtomicLong entered = new AtomicLong(NOTHING);

    private final Thread thread;
    private volatile boolean closed;

    private NcclWatch(NcclCommunicator communicator, CudaEvent done, CudaContext context, Ranks ranks) {
        this.communicator = communicator;
        this.done = done;
        this.context = context;
        this.ranks = ranks;
        this.thread = Thread.ofPlatform().daemon().name("panamask-nccl-watch").unstarted(this::watch);
    }

    /// Watches until it is closed; `done` stands for the newest operation.
    static NcclWatch start(NcclCommunicator communicator, CudaEvent done, CudaContext context, Ranks ranks) {
        NcclWatch watch = new NcclWatch(communicator, done, context, ranks);
        watch.thread.start();
        ranks.onFailure(_ -> watch.abortApart());
        return watch;
    }

    /// Runs `operation`, which calls the library: a call may wait for other ranks.
    void during(Runnable operation) {
        entered.set(now());
        try {
            operation.run();
        } finally {
            entered.set(NOTHING);
        }
    }

    /// An operation was enqueued, and its event recorded. Time runs anew: a device that stands still makes the host
    /// wait before long.
    void started() {
        since.set(now());
    }

    private static long now() {
        long now = System.nanoTime();
        return now == NOTHING ? 1 : now;
    }

    private void watch() {
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
            start = NOTHING;
        }
        if (isLate(start) || isLate(entered.get())) {
            fail("a sum over the ranks took longer than " + ranks.patience().toSeconds()
                    + " s; look whether all ranks still work, or raise ranks.step_seconds");
        }
    }

    private boolean isLate(long start) {
        return start != NOTHING && System.nanoTime() - start > ranks.patience().toNanos();
    }

    /// The others hear of it first: an abort may take its time.
    private void fail(String why) {
        ranks.fail(new RankException("nccl: " + why));
        abort();
    }

    private void abort() {
        if (!closed) {
            try {
                communicator.abort();
            } catch (NcclException _) {
                // The ranks know of the failure; there is nothing else that would end what is going on.
            }
        }
    }

    /// Whoever tells of a failure does not wait for the end of it; nor does this wait for the watch, which may
    /// stand in a call of the driver that waits for the device.
    private void abortApart() {
        if (!closed) {
            Thread.ofPlatform().daemon().name("panamask-nccl-abort").start(this::abort);
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
