package org.panamask.backend.host;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.panamask.backend.Collective;
import org.panamask.launch.RankException;
import org.panamask.launch.RankLink;
import org.panamask.launch.Ranks;
import org.panamask.tensor.Tensor;

/// Sums of tensors in host memory over TCP: rank 0 adds in the order of ranks, in f64, and hands the sums out. A
/// thread of its own talks while the job computes. Meant for a few processes; rank 0 carries all traffic.
public final class HostCollective implements Collective {
    private final Ranks ranks;
    private final List<RankLink> links;
    private final TensorExchange exchange;
    private final ExecutorService talking;
    private final List<Future<?>> pending = new ArrayList<>();

    private HostCollective(Ranks ranks, List<RankLink> links) {
        this.ranks = ranks;
        this.links = links;
        this.exchange = new TensorExchange(rank(), world(), links);
        this.talking = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("panamask-ranks").factory());
        ranks.onFailure(_ -> links.forEach(RankLink::close));
    }

    /// Connects with the others.
    ///
    /// @throws RankException if they do not come
    public static Collective open(Ranks ranks) {
        return ranks.place().world() == 1 ? Collective.alone() : new HostCollective(ranks, ranks.links());
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
        Numbers numbers = Numbers.of(tensor);
        start(() -> exchange.sum(numbers, 1));
    }

    @Override
    public void average(Tensor tensor) {
        Numbers numbers = Numbers.of(tensor);
        start(() -> exchange.sum(numbers, world()));
    }

    @Override
    public void sumParts(Tensor tensor) {
        Numbers numbers = Numbers.of(tensor);
        long part = part(tensor);
        start(() -> exchange.sumParts(numbers, part));
    }

    @Override
    public void gatherParts(Tensor tensor) {
        Numbers numbers = Numbers.of(tensor);
        long part = part(tensor);
        start(() -> exchange.gatherParts(numbers, part));
    }

    private long part(Tensor tensor) {
        if (tensor.count() % world() != 0) {
            throw new IllegalArgumentException(
                    "ranks: a tensor must have " + world() + " equal parts, but got " + tensor.shape());
        }
        return tensor.count() / world();
    }

    private void start(Runnable talk) {
        pending.add(talking.submit(talk));
    }

    @Override
    public void join() {
        try {
            for (Future<?> each : pending) {
                each.get();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new RankException("ranks: interrupted while the others were waited for", stopped);
        } catch (ExecutionException | CancellationException failure) {
            if (failure.getCause() instanceof RankException lost) {
                throw ranks.because(lost);
            }
            throw new IllegalStateException("ranks: the numbers could not be exchanged", failure);
        } finally {
            pending.clear();
        }
    }

    @Override
    public void close() {
        links.forEach(RankLink::close);
        talking.close();
    }
}
