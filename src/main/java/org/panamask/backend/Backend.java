package org.panamask.backend;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.panamask.launch.Ranks;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Owner;

/// A device that computes. It runs jobs (a load, a denoising pass, a training step) one after another on a thread of
/// its own; callers on any thread, virtual ones included, submit and wait. Safe for use by many threads.
public interface Backend extends AutoCloseable {
    /// The name a recipe chooses it by.
    String name();

    /// Runs `work` after the jobs submitted before it. Its [BackwardOps] and every tensor of its arena end with the
    /// job; what must outlive it goes to an [Owner] or to the host.
    ///
    /// @param job what it is, for messages and profiles
    /// @param precision the type of activations
    /// @param work what to do
    /// @return the result, or the exception that `work` threw
    /// @throws BackendException if the precision cannot run here or the backend is closed
    <T> CompletableFuture<T> submit(String job, Precision precision, Function<BackwardOps, T> work);

    /// [#submit] and wait. Exceptions of `work` arrive as they were thrown.
    default <T> T run(String job, Precision precision, Function<BackwardOps, T> work) {
        try {
            return submit(job, precision, work).join();
        } catch (CompletionException failure) {
            switch (failure.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw failure;
            }
        }
    }

    /// Refuses a precision that cannot run here.
    ///
    /// @throws BackendException naming what is missing
    void require(Precision precision);

    /// A new owner of long-lived tensors; `name` is its line in the ledger.
    Owner owner(String name);

    /// Every native byte and who owns it.
    Ledger ledger();

    /// What really runs: library, version, instruction set, threads, in a fixed order.
    Map<String, String> report();

    /// Where the time of its jobs went; empty unless [BackendSettings#profile] asked for it.
    default Optional<Profile> profile() {
        return Optional.empty();
    }

    /// Joins `ranks` for sums of their tensors; the caller closes what it gets before the backend. Every rank calls
    /// this once, at the same point.
    ///
    /// @throws BackendException if it cannot work with other ranks
    /// @throws org.panamask.launch.RankException if the others do not come
    default Collective collective(Ranks ranks) {
        if (ranks.place().world() == 1) {
            return Collective.alone();
        }
        throw new BackendException("backend " + name() + ": it cannot sum the tensors of "
                + ranks.place().world() + " ranks; start one process, or take another backend");
    }

    /// Waits, inside of a job, until what its operations have started is done: operations may return before that.
    /// [#profile] times each of them with it; nothing else needs it.
    default void finish() {}

    /// What it holds besides tensors, for estimates.
    MemoryModel memoryModel();

    /// The memory of its device; empty where it computes in that of this machine.
    default OptionalLong deviceBytes() {
        return OptionalLong.empty();
    }

    /// Takes the memory of the coming jobs at once, so that none of them takes any; those that need more take it.
    ///
    /// @param arenaBytes what the largest of them needs, as [ShapeBackend] counts it
    /// @throws DeviceMemoryException if there is not so much
    void reserve(long arenaBytes);

    /// Waits for the jobs submitted so far, then gives everything back. Closing twice does nothing.
    @Override
    void close();
}
