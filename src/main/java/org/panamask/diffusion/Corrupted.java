package org.panamask.diffusion;

/// Rows after noise: some tokens replaced by the mask token.
public final class Corrupted {
    private final TokenRows clean;
    private final int[] ids;
    private final boolean[] masked;
    private final float[] times;

    Corrupted(TokenRows clean, int[] ids, boolean[] masked, float[] times) {
        this.clean = clean;
        this.ids = ids;
        this.masked = masked;
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
        return masked;
    }

    /// The time of each segment, which is its masking probability; of each row where rows are not packed.
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
}
