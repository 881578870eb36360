package org.panamask.backend.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.Ledger;
import org.panamask.backend.Precision;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;

/// The part of a backend that does not depend on how it computes: one platform thread that runs jobs in order, the
/// arena, the owners, and giving everything back at the end.
public abstract class JobBackend implements Backend {
    private final String name;
    private final Ledger ledger = new Ledger();
    private final BackendMemory memory;
    private final TwoEndedArena arena;
    private final ExecutorService jobs;
    private final List<MemoryOwner> owners = new ArrayList<>();
    private volatile @Nullable Thread thread;
    private @Nullable CompletableFuture<Void> released;

    /// Starts the job thread.
    ///
    /// @param name the backend's name
    /// @param space the memory that it computes in
    /// @param limitBytes the most native memory at once; 0 for no bound
    protected JobBackend(String name, Space space, long limitBytes) {
        this.name = name;
        this.memory = new BackendMemory(space, ledger, limitBytes);
        this.arena = new TwoEndedArena(memory);
        this.jobs = Executors.newSingleThreadExecutor(work -> {
            Thread made = Thread.ofPlatform().daemon().name("panamask-" + name).unstarted(work);
            thread = made;
            return made;
        });
    }

    /// The operations of one job in `precision`, which [#require] has allowed. Called on the job thread.
    protected abstract BackwardOps ops(Precision precision, TwoEndedArena jobArena);

    /// Gives back what the subclass holds. Called once, on the job thread, after the last job and the last owner.
    protected abstract void release();

    /// Waits for what the job that ends has started, before its memory is used again. Called on the job thread.
    ///
    /// @param finished whether its work returned, rather than threw
    protected void settle(boolean finished) {}

    /// What a job throws instead of `failure`, which something in it threw. Called on the job thread.
    protected RuntimeException explained(RuntimeException failure) {
        return failure;
    }

    /// The memory that this backend's bytes come from.
    protected final BackendMemory memory() {
        return memory;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Ledger ledger() {
        return ledger;
    }

    @Override
    public final synchronized MemoryOwner owner(String ownerName) {
        requireOpen();
        owners.removeIf(owner -> owner.bytes() == 0 && !owner.isOpen());
        MemoryOwner owner = new MemoryOwner(memory, ownerName, this::betweenJobs);
        owners.add(owner);
        return owner;
    }

    @Override
    public final synchronized <T> CompletableFuture<T> submit(
            String job, Precision precision, Function<BackwardOps, T> work) {
        requireOpen();
        require(precision);
        if (isJobThread()) {
            throw new BackendException(job + ": a job runs on the backend's only thread and must not submit another;"
                    + " use the operations it was given");
        }
        return CompletableFuture.supplyAsync(() -> perform(job, precision, work), jobs);
    }

    private <T> T perform(String job, Precision precision, Function<BackwardOps, T> work) {
        arena.begin(job);
        try {
            return performed(precision, work);
        } catch (RuntimeException failure) {
            throw explained(failure);
        }
    }

    private <T> T performed(Precision precision, Function<BackwardOps, T> work) {
        boolean finished = false;
        try {
            T result = work.apply(ops(precision, arena));
            finished = true;
            return result;
        } finally {
            end(finished);
        }
    }

    private void end(boolean finished) {
        try {
            settle(finished);
        } finally {
            arena.end(finished);
        }
    }

    @Override
    public final void reserve(long arenaBytes) {
        requireOpen();
        betweenJobs(() -> arena.reserve(arenaBytes));
    }

    private synchronized void requireOpen() {
        if (released != null) {
            throw new BackendException("backend " + name + " is closed");
        }
    }

    private boolean isJobThread() {
        return Thread.currentThread().equals(thread);
    }

    /// Runs `work` on the job thread when no job runs, and waits for it.
    protected final void betweenJobs(Runnable work) {
        if (isJobThread()) {
            work.run();
        } else {
            await(queued(work));
        }
    }

    private static void await(CompletableFuture<Void> work) {
        try {
            work.join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failure;
        }
    }

    /// Once the backend is closed, its own end stands for `work`: it closes every owner.
    private synchronized CompletableFuture<Void> queued(Runnable work) {
        CompletableFuture<Void> closing = released;
        return closing == null ? CompletableFuture.runAsync(work, jobs) : closing;
    }

    @Override
    public final void close() {
        if (isJobThread()) {
            throw new BackendException("backend " + name + ": a job must not close the backend that runs it;"
                    + " close it when the job has returned");
        }
        await(closed());
    }

    private synchronized CompletableFuture<Void> closed() {
        CompletableFuture<Void> closing = released;
        if (closing == null) {
            closing = CompletableFuture.runAsync(this::giveBack, jobs);
            released = closing;
            jobs.shutdown();
        }
        return closing;
    }

    private void giveBack() {
        try {
            owners.forEach(Owner::close);
            arena.clear();
        } finally {
            release();
        }
    }
}
