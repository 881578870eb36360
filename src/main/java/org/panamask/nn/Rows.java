package org.panamask.nn;

import java.util.Optional;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The rows that a layer works on.
///
/// @param positions `[N]` I32, the position of each row in its text
/// @param dropout names the noise of a training step; empty for no dropout
/// @param equal which of them come in with the same values; empty where that is not known
public record Rows(Tensor positions, Optional<DropoutNoise> dropout, Optional<EqualRows> equal) {
    /// Rows without dropout at the given positions.
    public static Rows upload(Ops ops, int[] positions) {
        return new Rows(ops.upload(Shape.of(positions.length), positions), Optional.empty(), Optional.empty());
    }

    /// The same rows with dropout; `samples` holds the global sample index of each, `columns` its position in
    /// the text.
    public Rows withDropout(Ops ops, long seed, int[] samples, int[] columns) {
        int[] keys = new int[samples.length * 2];
        for (int n = 0; n < samples.length; n++) {
            keys[n * 2] = samples[n];
            keys[n * 2 + 1] = columns[n];
        }
        Tensor uploaded = ops.upload(Shape.of(samples.length, 2), keys);
        return new Rows(positions, Optional.of(new DropoutNoise(seed, uploaded)), equal);
    }

    /// The same rows, of which some are equal.
    public Rows withEqual(EqualRows some) {
        return new Rows(positions, dropout, Optional.of(some));
    }

    /// The rows of `x` `[N, D]` that a map has to be computed for.
    Tensor distinct(Ops ops, Tensor x) {
        return equal.map(some -> some.distinct(ops, x)).orElse(x);
    }

    /// A map's results for all rows, `[N, D]`, of those for the distinct ones.
    Tensor spread(Ops ops, Tensor y) {
        return equal.map(some -> some.all(ops, y)).orElse(y);
    }
}
