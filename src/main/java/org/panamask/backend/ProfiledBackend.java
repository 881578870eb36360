package org.panamask.backend;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.panamask.launch.Ranks;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Owner;

/// Another backend that is timed operation by operation.
final class ProfiledBackend implements Backend {
    private final Backend real;
    private final Profile profile = new Profile();

    ProfiledBackend(Backend real) {
        this.real = real;
    }

    @Override
    public String name() {
        return real.name();
    }

    @Override
    public <T> CompletableFuture<T> submit(String job, Precision precision, Function<BackwardOps, T> work) {
        return real.submit(
                job,
                precision,
                ops -> OperationTimer.time(ops, new OperationTimer.Place(profile, job, real::finish), work));
    }

    @Override
    public void require(Precision precision) {
        real.require(precision);
    }

    @Override
    public Owner owner(String name) {
        return real.owner(name);
    }

    @Override
    public Ledger ledger() {
        return real.ledger();
    }

    @Override
    public Collective collective(Ranks ranks) {
        return real.collective(ranks);
    }

    @Override
    public MemoryModel memoryModel() {
        return real.memoryModel();
    }

    @Override
    public OptionalLong deviceBytes() {
        return real.deviceBytes();
    }

    @Override
    public void reserve(long arenaBytes) {
        real.reserve(arenaBytes);
    }

    @Override
    public Map<String, String> report() {
        return real.report();
    }

    @Override
    public Optional<Profile> profile() {
        return Optional.of(profile);
    }

    @Override
    public void close() {
        real.close();
    }
}
