package org.panamask.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;
import org.panamask.tensor.WeightPart;

/// Gradients side by side in one tensor, which ranks sum at once.
///
/// @param flat all of them, with zeros between them, and as many elements as divide into the parts of all ranks
/// @param starts the weights, and where the gradient of each begins
record GradientBucket(Tensor flat, SequencedMap<Weight, Long> starts) {
    /// Each begins at a multiple of this many elements: of 512 bytes of f32, more than any device asks for.
    private static final long ALIGNMENT = 128;

    /// Buckets of zeros of about `bytes` bytes for `weights`, the last weight first: the way back forms its
    /// gradient first.
    static List<GradientBucket> of(BackwardOps ops, Owner owner, List<Weight> weights, Layout layout) {
        List<GradientBucket> buckets = new ArrayList<>();
        SequencedMap<Weight, Long> starts = new LinkedHashMap<>();
        long end = 0;
        for (Weight weight : weights.reversed()) {
            long size = rounded(weight.shape().count(), ALIGNMENT);
            if (!starts.isEmpty() && (end + size) * ops.sumType().bytes() > layout.bytes()) {
                buckets.add(new GradientBucket(zeros(ops, owner, end, layout), starts));
                starts = new LinkedHashMap<>();
                end = 0;
            }
            starts.put(weight, end);
            end += size;
        }
        if (!starts.isEmpty()) {
            buckets.add(new GradientBucket(zeros(ops, owner, end, layout), starts));
        }
        return buckets;
    }

    /// How gradients are laid out.
    ///
    /// @param bytes of a bucket
    /// @param world how many parts each divides into
    record Layout(long bytes, int world) {}

    private static Tensor zeros(BackwardOps ops, Owner owner, long end, Layout layout) {
        return ops.zeros(owner, Shape.of(rounded(end, layout.world() * ALIGNMENT)), ops.sumType());
    }

    private static long rounded(long count, long unit) {
        return Math.ceilDiv(count, unit) * unit;
    }

    /// The gradient of `weight`.
    Tensor gradient(Weight weight) {
        return flat.part(starts.getOrDefault(weight, 0L), weight.shape());
    }

    /// Whole weights and their gradients.
    List<Piece> whole() {
        return starts.keySet().stream()
                .map(weight -> new Piece(weight, gradient(weight)))
                .toList();
    }

    /// What of the weights lies in part `rank` of `world`.
    List<Piece> part(int rank, int world) {
        long size = flat.count() / world;
        long first = rank * size;
        List<Piece> pieces = new ArrayList<>();
        for (Map.Entry<Weight, Long> entry : starts.entrySet()) {
            long start = entry.getValue();
            long from = Math.max(first, start);
            long to = Math.min(first + size, start + entry.getKey().shape().count());
            if (from < to) {
                pieces.add(new Piece(
                        new WeightPart(entry.getKey(), from - start, to - from), flat.part(from, Shape.of(to - from))));
            }
        }
        return pieces;
    }
}
