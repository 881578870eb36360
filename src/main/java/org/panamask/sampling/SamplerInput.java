package org.panamask.sampling;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.panamask.tensor.Philox;

/// Rows to be completed: given tokens anywhere, the others to be filled in. Rows may differ in length; what becomes
/// of one does not depend on the others.
public final class SamplerInput {
    /// What [org.panamask.diffusion.NoiseSource] takes of a name.
    private static final long NAME_BITS = (1L << 56) - 1;

    private final int[][] ids;
    private final boolean[][] given;
    private final long[] samples;
    private final Tiling tiling;

    private SamplerInput(int[][] ids, boolean[][] given, long[] samples, Tiling tiling) {
        this.ids = ids;
        this.given = given;
        this.samples = samples;
        this.tiling = tiling;
    }

    /// Where the blocks of a [BlockSampler] start.
    public enum Tiling {
        /// Behind the prompt, at the first column that is not given: for answers.
        AFTER_PROMPT,
        /// At column 0: for gaps anywhere.
        WHOLE_ROW
    }

    /// Rows whose random numbers are named by 0, 1 and so on.
    ///
    /// @param ids of each row; what stands in columns that are not given matters only in column 0 under shift,
    ///     which no hidden state predicts and which keeps it
    /// @param given which columns stay as they are
    /// @throws IllegalArgumentException if there is no row, or a row is empty or of two lengths
    public static SamplerInput of(int[][] ids, boolean[][] given) {
        if (ids.length == 0 || ids.length != given.length) {
            throw new IllegalArgumentException("sampler input: at least one row and as many marks are needed, but got "
                    + ids.length + " and " + given.length);
        }
        for (int b = 0; b < ids.length; b++) {
            if (ids[b].length == 0 || ids[b].length != given[b].length) {
                throw new IllegalArgumentException("sampler input: row " + b + " needs as many ids as marks, but got "
                        + ids[b].length + " and " + given[b].length);
            }
        }
        long[] samples = new long[ids.length];
        Arrays.setAll(samples, b -> b);
        return new SamplerInput(ids, given, samples, Tiling.AFTER_PROMPT);
    }

    /// The same with the names of each row's random numbers, so that they do not depend on its place in the batch.
    ///
    /// @throws IllegalArgumentException if there is not one for each row
    public SamplerInput withSamples(long... names) {
        if (names.length != ids.length) {
            throw new IllegalArgumentException(
                    "sampler input: samples of " + ids.length + " rows are needed, but got " + names.length);
        }
        return new SamplerInput(ids, given, names, tiling);
    }

    /// The same with the random numbers of each row named by what it is given and how long it is, so that a prompt
    /// is answered alike alone and in any batch; of equal rows each has names of its own, in their order.
    public SamplerInput namedByContent() {
        Map<Long, Integer> before = new HashMap<>();
        long[] names = new long[ids.length];
        Arrays.setAll(names, b -> {
            long content = content(ids[b], given[b]);
            int equal = before.merge(content, 1, Integer::sum) - 1;
            return mixed(content, equal) & NAME_BITS;
        });
        return withSamples(names);
    }

    private static long content(int[] ids, boolean[] given) {
        long content = ids.length;
        for (int i = 0; i < ids.length; i++) {
            content = mixed(content, given[i] ? ids[i] : -1);
        }
        return content;
    }

    private static long mixed(long state, int value) {
        int[] words = new int[4];
        Philox.fill(words, state, value & 0xFFFFFFFFL, 0);
        return words[0] & 0xFFFFFFFFL | (long) words[1] << 32;
    }

    /// The same with blocks that start elsewhere.
    public SamplerInput tiled(Tiling from) {
        return new SamplerInput(ids, given, samples, from);
    }

    Tiling tiling() {
        return tiling;
    }

    /// The number of rows.
    public int batch() {
        return ids.length;
    }

    int[] ids(int b) {
        return ids[b];
    }

    boolean[] given(int b) {
        return given[b];
    }

    long sample(int b) {
        return samples[b];
    }
}
