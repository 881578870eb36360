package org.panamask.backend;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Owner;
import org.panamask.tensor.ShapeOps;

/// A backend that computes nothing and counts everything: jobs run on the calling thread over [ShapeOps], and every
/// number read is 0. What real code would hold and compute on another backend can be asked afterwards. Not safe for
/// several threads.
public final class ShapeBackend implements Backend {
    private final Precision precision;
    private final MemoryModel model;
    private final ShapeOps ops;
    private final Map<String, Map<String, Long>> flops = new LinkedHashMap<>();

    /// Counts for activations of `precision`, with what `model` says that a backend holds besides.
    public ShapeBackend(Precision precision, MemoryModel model) {
        this.precision = precision;
        this.model = model;
        this.ops = ShapeOps.ofZeros(precision.activations(), model);
    }

    @Override
    public String name() {
        return "shapes";
    }

    @Override
    public <T> CompletableFuture<T> submit(String job, Precision wanted, Function<BackwardOps, T> work) {
        require(wanted);
        Map<String, Long> before = ops.flops();
        T result = work.apply(ops);
        ops.endJob();
        Map<String, Long> counts = flops.computeIfAbsent(job, _ -> new LinkedHashMap<>());
        ops.flops().forEach((operation, count) -> {
            long some = count - before.getOrDefault(operation, 0L);
            if (some > 0) {
                counts.merge(operation, some, Long::sum);
            }
        });
        return CompletableFuture.completedFuture(result);
    }

    @Override
    public void require(Precision wanted) {
        if (wanted != precision) {
            throw new BackendException("backend shapes: it counts for " + precision + ", but got a job in " + wanted);
        }
    }

    @Override
    public Owner owner(String name) {
        return ops.owner(name);
    }

    /// The owners and the arena as they would be after the jobs so far.
    @Override
    public Ledger ledger() {
        Ledger ledger = new Ledger();
        ops.ownerBytes().forEach(ledger::take);
        ledger.take("arena", ops.arenaPeakBytes());
        return ledger;
    }

    @Override
    public MemoryModel memoryModel() {
        return model;
    }

    /// Nothing has to be reserved.
    @Override
    public void reserve(long arenaBytes) {}

    /// Floating-point operations of all jobs called `job`, by operation.
    public Map<String, Long> flops(String job) {
        return Map.copyOf(flops.getOrDefault(job, Map.of()));
    }

    @Override
    public Map<String, String> report() {
        return Map.of("backend", name());
    }

    @Override
    public void close() {}
}
