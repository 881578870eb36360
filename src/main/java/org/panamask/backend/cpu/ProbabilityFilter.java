package org.panamask.backend.cpu;

import java.util.Arrays;
import org.panamask.tensor.TokenRule.Filters;

/// Top-k and top-p of a row of probabilities, by sorting only the likely ones.
final class ProbabilityFilter {
    /// How much less likely entries become candidates when those at hand do not suffice.
    private static final float WIDER = 1f / 64;

    private final Tile tile;

    /// A filter that works in the arrays of `tile`.
    ProbabilityFilter(Tile tile) {
        this.tile = tile;
    }

    /// Clears what `filters` drop of the first `count` of `p` and returns the mass of the rest.
    double keep(float[] p, int count, Filters filters) {
        int most = filters.topK() > 0 ? Math.min(filters.topK(), count) : count;
        boolean share = most < count && (filters.first() == Filters.First.TOP_K || filters.topP() >= 1);
        long[] order = tile.words(count)[0];
        int candidates = candidates(p, count, most, share ? Double.MAX_VALUE : filters.topP());
        int bound = Math.min(most, candidates);
        double whole = share ? mass(p, order, candidates, bound) : 1;
        double mass = 0;
        int kept = 0;
        float[] left = tile.array(1, count);
        Arrays.fill(left, 0, count, 0);
        while (kept < bound && mass <= filters.topP() * whole) {
            int id = id(order, candidates, kept);
            left[id] = p[id];
            mass += p[id];
            kept++;
        }
        System.arraycopy(left, 0, p, 0, count);
        return mass;
    }

    /// Sorts the likely entries and returns their number: at least `most`, or enough for their mass to exceed
    /// `topP`.
    private int candidates(float[] p, int count, int most, double topP) {
        long[] order = tile.words(count)[0];
        float bound = p[Choice.largest(p, count)] * WIDER;
        while (true) {
            int found = 0;
            double mass = 0;
            for (int id = 0; id < count; id++) {
                if (p[id] >= bound) {
                    order[found++] = (long) Float.floatToRawIntBits(p[id]) << 32 | (Integer.MAX_VALUE - id);
                    mass += p[id];
                }
            }
            if (bound == 0 || (found >= most || mass > topP)) {
                Arrays.sort(order, 0, found);
                return found;
            }
            bound = bound < Float.MIN_NORMAL ? 0 : bound * WIDER;
        }
    }

    /// The candidate of rank `rank`, the likeliest first and the lowest id first among equals.
    private static int id(long[] order, int candidates, int rank) {
        return Integer.MAX_VALUE - (int) order[candidates - 1 - rank];
    }

    private static double mass(float[] p, long[] order, int candidates, int count) {
        double mass = 0;
        for (int rank = 0; rank < count; rank++) {
            mass += p[id(order, candidates, rank)];
        }
        return mass;
    }
}
