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

    /// The time of each row, which is its masking probability.
    public float[] times() {
        return times;
    }

    /// The loss weight of row `b`, `1 / t`.
    public float weight(int b) {
        return 1 / times[b];
    }

    /// What the model is shown: the noisy ids under what the rows may see.
    public Canvas canvas() {
        return Canvas.of(clean.batch(), clean.tokens(), ids).withMask(clean.visible());
    }
}
