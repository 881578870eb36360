package org.panamask.diffusion;

import java.util.Arrays;
import org.panamask.tensor.AttentionMask;

/// Clean rows of tokens on their way into an objective. Arrays are not copied and must not change.
public final class TokenRows {
    private final int batch;
    private final int tokens;
    private final int[] ids;
    private final boolean[] maskable;
    private final Placing placing;

    private static final class Placing {
        private final long[] samples;
        private final AttentionMask visible;

        Placing(long[] samples, AttentionMask visible) {
            this.samples = samples;
            this.visible = visible;
        }
    }

    private TokenRows(int batch, int tokens, int[] ids, boolean[] maskable, Placing placing) {
        this.batch = batch;
        this.tokens = tokens;
        this.ids = ids;
        this.maskable = maskable;
        this.placing = placing;
    }

    /// Rows whose every column is visible, with the samples 0, 1 and so on.
    ///
    /// @param batch B
    /// @param tokens T
    /// @param ids `B * T`, row after row
    /// @param maskable which of them noise may hide: the answer, not the prompt
    /// @throws IllegalArgumentException if a number of elements differs from `B * T`
    public static TokenRows of(int batch, int tokens, int[] ids, boolean[] maskable) {
        if (ids.length != (long) batch * tokens || maskable.length != ids.length) {
            throw new IllegalArgumentException("token rows: ids and maskable must be " + batch + " x " + tokens
                    + ", but got " + ids.length + " and " + maskable.length);
        }
        long[] samples = new long[batch];
        Arrays.setAll(samples, b -> b);
        return new TokenRows(batch, tokens, ids, maskable, new Placing(samples, new AttentionMask.Full()));
    }

    /// The same with the global sample index of each row, which names its noise.
    ///
    /// @throws IllegalArgumentException if there is not one for each row
    public TokenRows withSamples(long... samples) {
        if (samples.length != batch) {
            throw new IllegalArgumentException(
                    "token rows: samples of " + batch + " rows are needed, but got " + samples.length);
        }
        return new TokenRows(batch, tokens, ids, maskable, new Placing(samples, placing.visible));
    }

    /// The same with another view at ratio 1, such as lengths.
    public TokenRows withVisible(AttentionMask visible) {
        return new TokenRows(batch, tokens, ids, maskable, new Placing(placing.samples, visible));
    }

    /// B, the number of rows.
    public int batch() {
        return batch;
    }

    /// T, the number of columns.
    public int tokens() {
        return tokens;
    }

    /// The ids, row after row.
    public int[] ids() {
        return ids;
    }

    /// Which columns noise may hide, row after row.
    public boolean[] maskable() {
        return maskable;
    }

    /// The global sample index of each row.
    public long[] samples() {
        return placing.samples;
    }

    /// Who sees whom once attention is fully open.
    public AttentionMask visible() {
        return placing.visible;
    }
}
