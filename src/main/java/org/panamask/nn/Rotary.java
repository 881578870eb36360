package org.panamask.nn;

import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Rotary positions: tables of cosines and sines, computed in double precision once and kept by an owner.
public final class Rotary {
    private final Tensor cos;
    private final Tensor sin;

    private Rotary(Tensor cos, Tensor sin) {
        this.cos = cos;
        this.sin = sin;
    }

    /// Tables for `positions` positions at the given `frequencies`, in radians a position; `owner` keeps them.
    public static Rotary create(BackwardOps ops, Owner owner, double[] frequencies, int positions) {
        double[] cos = new double[positions * frequencies.length];
        double[] sin = new double[positions * frequencies.length];
        for (int n = 0; n < cos.length; n++) {
            int position = n / frequencies.length;
            double angle = position * frequencies[n % frequencies.length];
            cos[n] = Math.cos(angle);
            sin[n] = Math.sin(angle);
        }
        Shape shape = Shape.of(positions, frequencies.length);
        return new Rotary(keep(ops, owner, shape, cos), keep(ops, owner, shape, sin));
    }

    private static Tensor keep(BackwardOps ops, Owner owner, Shape shape, double[] values) {
        Tensor table = ops.zeros(owner, shape, ops.sumType());
        ops.copy(ops.upload(shape, values), table);
        return table;
    }

    /// The angles of `rows`.
    public Ops.Rotation at(Rows rows) {
        return new Ops.Rotation(cos, sin, rows.positions());
    }

    /// `[P, d/2]`, the cosines.
    public Tensor cos() {
        return cos;
    }

    /// `[P, d/2]`, the sines.
    public Tensor sin() {
        return sin;
    }
}
