package org.panamask.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.panamask.autograd.Accumulators;
import org.panamask.backend.Collective;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Gradients that all ranks add up, bucket by bucket, while the way back still forms others. Buckets go out in one
/// order on every rank, whatever the order in which they become ready. Where the optimizer is sharded each rank gets
/// the sums of its part of every bucket, updates that part of the weights, and all gather the new values.
final class SharedGradients implements StepGradients {
    private final Collective collective;
    private final boolean sharded;
    private final List<GradientBucket> buckets;
    private final Accumulators accumulators;
    private final List<Piece> pieces;
    private final Set<Weight> formed = Collections.newSetFromMap(new IdentityHashMap<>());
    private int started;
    private boolean shared;

    private SharedGradients(Team team, List<GradientBucket> buckets, Accumulators accumulators) {
        this.collective = team.collective();
        this.sharded = team.settings().optimizer() == RankSettings.Optimizer.SHARDED;
        this.buckets = buckets;
        this.accumulators = accumulators;
        this.pieces = sharded
                ? buckets.stream()
                        .flatMap(bucket -> bucket.part(collective.rank(), collective.world()).stream())
                        .toList()
                : StepGradients.whole(accumulators);
    }

    static SharedGradients create(BackwardOps ops, Owner owner, List<Weight> weights, Team team) {
        GradientBucket.Layout layout = new GradientBucket.Layout(team.settings().bucketBytes(), team.world());
        List<GradientBucket> buckets = GradientBucket.of(ops, owner, weights, layout);
        SequencedMap<Weight, Tensor> sums = new LinkedHashMap<>();
        for (GradientBucket bucket : buckets.reversed()) {
            for (Weight weight : new ArrayList<>(bucket.starts().keySet()).reversed()) {
                sums.put(weight, bucket.gradient(weight));
            }
        }
        return new SharedGradients(team, buckets, Accumulators.over(sums));
    }

    /// All of each bucket: a part that another rank sums is undefined here.
    @Override
    public void begin(BackwardOps ops) {
        formed.clear();
        buckets.forEach(bucket -> ops.clear(bucket.flat()));
    }

    @Override
    public void end() {
        shared = false;
    }

    @Override
    public boolean isShared() {
        return shared;
    }

    @Override
    public Accumulators accumulators() {
        return accumulators;
    }

    @Override
    public List<Piece> pieces() {
        return pieces;
    }

    @Override
    public void formed(Weight weight) {
        formed.add(weight);
        while (started < buckets.size()
                && formed.containsAll(buckets.get(started).starts().keySet())) {
            start();
        }
    }

    private void start() {
        // Also if it fails: another rank may have got it.
        shared = true;
        Tensor flat = buckets.get(started++).flat();
        if (sharded) {
            collective.sumParts(flat);
        } else {
            collective.sum(flat);
        }
    }

    @Override
    public void complete() {
        while (started < buckets.size()) {
            start();
        }
        started = 0;
        formed.clear();
        collective.join();
    }

    /// The same number on every rank, so that all clip and skip alike.
    @Override
    public double squares(List<Double> ofEachRank) {
        return sharded ? ofEachRank.stream().mapToDouble(Double::doubleValue).sum() : ofEachRank.getFirst();
    }

    @Override
    public void updated(BackwardOps ops) {
        if (sharded) {
            for (Piece piece : pieces) {
                ops.copy(piece.weight().value(), piece.gradient());
            }
            buckets.forEach(bucket -> collective.gatherParts(bucket.flat()));
            collective.join();
            for (GradientBucket bucket : buckets) {
                for (Piece piece : bucket.whole()) {
                    ops.copy(piece.gradient(), piece.weight().value());
                    piece.weight().changed();
                }
            }
        }
    }
}
