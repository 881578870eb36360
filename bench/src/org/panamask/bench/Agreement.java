package org.panamask.bench;

import java.util.Arrays;

/// How far apart two computations of the same numbers are.
///
/// @param what the numbers
/// @param deviation the difference as a share of the peer's magnitude
/// @param tolerance the most it may be
record Agreement(String what, double deviation, double tolerance) {
    /// Whether the numbers count as the same.
    boolean holds() {
        return deviation <= tolerance;
    }

    /// The largest difference of `ours` from `peers` as a share of the largest magnitude of `peers`; not a
    /// number where one of them holds one.
    static double deviation(double[] ours, double[] peers) {
        if (ours.length != peers.length) {
            return Double.POSITIVE_INFINITY;
        }
        double most = Arrays.stream(peers).map(Math::abs).max().orElse(0);
        double apart = 0;
        for (int n = 0; n < ours.length; n++) {
            apart = Math.max(apart, Math.abs(ours[n] - peers[n]));
        }
        return most == 0 ? apart : apart / most;
    }
}
