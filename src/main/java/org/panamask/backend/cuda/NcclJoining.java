package org.panamask.backend.cuda;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.NcclCommunicator;
import org.panamask.ffi.cuda.NcclException;
import org.panamask.ffi.cuda.NcclLibrary;
import org.panamask.launch.RankException;
import org.panamask.launch.Ranks;

/// Makes a communicator. NCCL waits there for all ranks and nothing ends that wait, so it waits on a thread of its own:
/// where a rank fails or does not come, the caller goes on without it.
final class NcclJoining {
    private static final Duration EVERY = Duration.ofMillis(50);

    private final CompletableFuture<NcclCommunicator> joined = new CompletableFuture<>();
    private final Ranks ranks;

    private NcclJoining(Ranks ranks) {
        this.ranks = ranks;
    }

    /// Joins `ranks`, which all know `id`, on the device of `context`.
    ///
    /// @throws NcclException if the library refuses
    /// @throws RankException if another rank fails, or they do not come in the time of a step
    static NcclCommunicator join(NcclLibrary library, CudaContext context, byte[] id, Ranks ranks) {
        NcclJoining joining = new NcclJoining(ranks);
        Thread.ofPlatform().daemon().name("panamask-nccl-join").start(() -> joining.call(library, context, id));
        return joining.await();
    }

    private void call(NcclLibrary library, CudaContext context, byte[] id) {
        try {
            context.makeCurrent();
            NcclCommunicator made = library.join(
                    context, id, ranks.place().rank(), ranks.place().world());
            if (!joined.complete(made)) {
                abandon(made);
            }
        } catch (RuntimeException | Error failure) {
            joined.completeExceptionally(failure);
        }
    }

    /// Nobody waits for it any more.
    private static void abandon(NcclCommunicator late) {
        try (late) {
            late.abort();
        }
    }

    private NcclCommunicator await() {
        long start = System.nanoTime();
        while (true) {
            try {
                return joined.get(EVERY.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException _) {
                long waited = System.nanoTime() - start;
                ranks.failure().ifPresent(this::giveUp);
                if (waited > ranks.patience().toNanos()) {
                    giveUp(new RankException(ranks.place().text() + ": nccl waited "
                            + ranks.patience().toSeconds() + " s for all ranks to join; look whether they still work,"
                            + " and what NCCL_DEBUG=INFO says of the way between them"));
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                giveUp(new RankException(ranks.place().text() + ": interrupted while nccl waited for all", stopped));
            } catch (ExecutionException failure) {
                throw failure.getCause() instanceof RuntimeException cause
                        ? cause
                        : new IllegalStateException(failure.getCause());
            }
        }
    }

    private void giveUp(RankException why) {
        if (joined.completeExceptionally(why)) {
            throw why;
        }
    }
}
