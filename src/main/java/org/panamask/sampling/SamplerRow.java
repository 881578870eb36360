package org.panamask.sampling;

import java.util.Arrays;

/// One row while it is being filled in.
final class SamplerRow {
    /// What columns that are not free score: more than any log-probability, so that they never count among the
    /// lowest.
    private static final double GIVEN = 1000;

    private final long sample;
    private final int maskToken;
    private final int[] original;
    private final int[] ids;
    private final boolean[] free;
    private final boolean[] hidden;
    private final int[] tokens;
    private final double[] scores;
    private boolean changed = true;

    SamplerRow(SamplerInput input, int b, int maskToken) {
        sample = input.sample(b);
        this.maskToken = maskToken;
        original = input.ids(b);
        ids = original.clone();
        free = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            free[i] = !input.given(b)[i];
            if (free[i]) {
                ids[i] = maskToken;
            }
        }
        hidden = free.clone();
        tokens = ids.clone();
        scores = new double[ids.length];
    }

    long sample() {
        return sample;
    }

    int[] ids() {
        return ids;
    }

    int length() {
        return ids.length;
    }

    /// Whether the row changed since its last prediction.
    boolean isChanged() {
        return changed;
    }

    boolean hasHidden() {
        return count(hidden) > 0;
    }

    int freeCount() {
        return count(free);
    }

    boolean[] free() {
        return free.clone();
    }

    boolean[] hidden() {
        return hidden.clone();
    }

    boolean isHidden(int column) {
        return hidden[column];
    }

    /// What the model says of a column. Column 0 under shift has no prediction of its own: it gets back what its
    /// caller put there.
    void predict(int column, int token, double score, boolean own) {
        tokens[column] = own ? token : original[column];
        scores[column] = score;
        changed = false;
    }

    /// Opens the hidden columns among `columns`, and says whether there were any.
    boolean open(boolean[] columns) {
        boolean any = false;
        for (int i = 0; i < ids.length; i++) {
            if (columns[i] && hidden[i]) {
                ids[i] = tokens[i];
                hidden[i] = false;
                any = true;
            }
        }
        changed |= any;
        return any;
    }

    /// Fills all free columns and hides those of `masked` again, and says whether the row is another now.
    boolean rewrite(boolean[] masked) {
        boolean any = false;
        for (int i = 0; i < ids.length; i++) {
            if (free[i]) {
                int id = masked[i] ? maskToken : tokens[i];
                any |= id != ids[i];
                ids[i] = id;
                hidden[i] = masked[i];
            }
        }
        changed |= any;
        return any;
    }

    /// The free columns with the `k` lowest sums of score and `noise`; ties at the cut are not low.
    boolean[] lowest(int k, double[] noise) {
        double[] sorted = new double[ids.length];
        Arrays.setAll(sorted, i -> free[i] ? scores[i] + noise[i] : GIVEN);
        double[] competing = sorted.clone();
        Arrays.sort(sorted);
        double cut = k < sorted.length ? sorted[k] : GIVEN;
        boolean[] low = new boolean[ids.length];
        for (int i = 0; i < low.length; i++) {
            low[i] = competing[i] < cut;
        }
        return low;
    }

    /// The probability of each column's token: 1 where it was given, 0 where it is hidden.
    double[] probabilities() {
        double[] probabilities = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (!free[i]) {
                probabilities[i] = 1;
            } else if (!hidden[i]) {
                probabilities[i] = Math.exp(scores[i]);
            }
        }
        return probabilities;
    }

    static int count(boolean[] marks) {
        int count = 0;
        for (boolean mark : marks) {
            if (mark) {
                count++;
            }
        }
        return count;
    }
}
