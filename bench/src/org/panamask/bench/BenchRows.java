package org.panamask.bench;

import java.util.Arrays;
import java.util.Random;
import org.panamask.data.RowIds;
import org.panamask.diffusion.TokenRows;

/// Random rows of a fine-tuning step: 8 of 256 tokens, the first quarter of each a prompt. The last id of the
/// vocabulary is the mask token and does not occur.
///
/// @param vocabulary how many ids there are
record BenchRows(int vocabulary) {
    static final int BATCH = 8;
    static final int TOKENS = 256;

    /// The rows of optimizer step `step`.
    TokenRows at(int step) {
        boolean[] maskable = new boolean[BATCH * TOKENS];
        for (int n = 0; n < maskable.length; n++) {
            maskable[n] = n % TOKENS >= TOKENS / 4;
        }
        long[] samples = new long[BATCH];
        Arrays.setAll(samples, b -> (long) step * BATCH + b);
        return TokenRows.of(BATCH, TOKENS, ids(BATCH * TOKENS, step), maskable).withSamples(samples);
    }

    /// `count` ids.
    int[] ids(int count, long seed) {
        return new Random(seed).ints(count, 0, mask()).toArray();
    }

    /// The id of the mask token.
    int mask() {
        return vocabulary - 1;
    }

    /// The ids with a meaning; none but the mask token is used by a diffusion objective.
    RowIds special() {
        return new RowIds(0, 0, 0, 0, mask());
    }
}
