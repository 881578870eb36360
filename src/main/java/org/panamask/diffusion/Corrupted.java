package org.panamask.diffusion;

import java.util.Arrays;

/// Rows after noise: some tokens replaced by the mask token.
public final class Corrupted {
    private final TokenRows clean;
    private final int[] ids;
    private final boolean[] hidden;
    private final int maskToken;
    private final float[] times;

    Corrupted(TokenRows clean, int[] ids, boolean[] hidden, int maskToken, float[] times) {
        this.clean = clean;
        this.ids = ids;
        this.hidden = hidden;
        this.maskToken = maskToken;
        this.times = times;
    }

    /// The rows before noise.
    public TokenRows clean() {
        return clean;
    }

    /// The ids after noise, row after row.
    public int[] ids() {
        return ids;
    }

    /// Which columns hold the mask token now, whether noise put it there or it stood there before.
    public boolean[] masked() {
        boolean[] masked = new boolean[ids.length];
        for (int n = 0; n < ids.length; n++) {
            masked[n] = clean.segments()[n] >= 0 && ids[n] == maskToken;
        }
        return masked;
    }

    /// Which columns noise has hidden; a mask token that stood there before is not one of them unless noise chose
    /// it.
    public boolean[] hidden() {
        return hidden;
    }

    /// The time of each segment; of each row where rows are not packed. It is the masking probability, unless noise
    /// went by a schedule.
    public float[] times() {
        return times;
    }

    /// The loss weight of column `n`, counted through all rows: `1 / t` of its segment.
    ///
    /// @throws IllegalArgumentException if the column is padding between segments
    public double weight(int n) {
        int segment = clean.segments()[n];
        if (segment < 0) {
            throw new IllegalArgumentException(
                    "corrupted rows: padding has no weight, but column " + n + " is padding");
        }
        return 1.0 / times[segment];
    }

    /// What the model is shown: the noisy ids under what the rows may see.
    public Canvas canvas() {
        return Canvas.of(clean.batch(), clean.tokens(), ids)
                .withPositions(clean.positions())
                .withMask(clean.visible());
    }

    /// The same with the run of `end` tokens that a row's maskable columns end with as one: all of them are hidden
    /// or clean as the first is.
    public Corrupted withEndsAsOne(int end) {
        int[] others = ids.clone();
        boolean[] tied = hidden.clone();
        for (int n = ids.length - 1; n > 0; n--) {
            if (!isEnd(n, end) || n + 1 < ids.length && sameSegment(n, n + 1) && clean.maskable()[n + 1]) {
                continue;
            }
            int first = n;
            while (first > 0 && sameSegment(first - 1, n) && isEnd(first - 1, end)) {
                first--;
            }
            Arrays.fill(tied, first, n + 1, hidden[first]);
            Arrays.fill(others, first, n + 1, hidden[first] ? maskToken : end);
        }
        return new Corrupted(clean, others, tied, maskToken, times);
    }

    private boolean isEnd(int n, int end) {
        return clean.maskable()[n] && clean.ids()[n] == end;
    }

    private boolean sameSegment(int n, int other) {
        return clean.segments()[n] == clean.segments()[other];
    }
}
