package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DropoutKey;

/// The draws of keyed dropout for rows of `width` elements: those of several rows at a time, each step of the generator
/// a loop that becomes vector instructions.
///
/// @param key names them
/// @param width elements of a row
/// @param blocks counters of a row
record DropoutDraws(DropoutKey key, int width, int blocks) {
    /// Counters drawn at a time: long loops, and arrays that stay in the first cache.
    private static final int COUNTERS = 512;

    private static final int FIELDS = 8;
    private static final long LOW = 0xFFFFFFFFL;

    // The constants of Philox4x32, see org.panamask.tensor.Philox.
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    static DropoutDraws of(DropoutKey key, int width) {
        return new DropoutDraws(key, width, (width + FIELDS - 1) / FIELDS);
    }

    /// How many rows to draw at a time.
    int group() {
        return Math.max(1, COUNTERS / Math.max(1, blocks));
    }

    /// The counters `(sample, position, block, site)` of a row.
    record Counter(long sample, long position, long firstBlock, int site) {
        /// That of numbers which do not matter.
        static final Counter NONE = new Counter(0, 0, 0, 0);
    }

    /// The counters of row `n` of the key from element `first` on, a whole number of blocks.
    Counter counter(long n, int first, int site) {
        return new Counter(
                HostNumbers.intAt(key.rows(), n * 2) & LOW,
                HostNumbers.intAt(key.rows(), n * 2 + 1) & LOW,
                first / FIELDS,
                site);
    }

    /// What is dropped of one row.
    ///
    /// @param drops two fields a word, -1 where an element is dropped and 0 where it stays
    /// @param from the first field
    /// @param width elements of the row
    /// @param scale what survivors are multiplied with
    record Row(int[] drops, int from, int width, float scale) {
        /// Array 1 of `tile` with what is kept of `values`; takes the array of halves.
        float[] keep(Tile tile, float[] values) {
            short[] fields = tile.halves(width);
            MemorySegment.copy(MemorySegment.ofArray(drops), from * 2L, MemorySegment.ofArray(fields), 0, width * 2L);
            float[] result = tile.array(1, width);
            keep(values, fields, scale, result, width);
            return result;
        }

        private static void keep(float[] values, short[] fields, float scale, float[] result, int width) {
            for (int i = 0; i < width; i++) {
                result[i] = values[i] * (scale + scale * fields[i]);
            }
        }
    }

    /// Row `r` of what [#fields] drew.
    Row row(int[] drops, int r) {
        return new Row(drops, r * blocks * FIELDS, width, key.scale());
    }

    /// Two 16-bit fields a word, -1 where the draw is below the threshold, for `blocks * 8` elements of each row.
    int[] fields(Tile tile, int rows, IntFunction<Counter> counters) {
        int count = rows * blocks;
        long[][] c = tile.words(count);
        for (int r = 0; r < rows; r++) {
            start(c, r * blocks, counters.apply(r));
        }
        for (int round = 2; round < 10; round++) {
            round(c, count, half(0, round), half(1, round));
        }
        join(c[0], c[1], count);
        join(c[2], c[3], count);
        long[] pairs = tile.pairs(count * 2);
        interleave(c[0], c[2], pairs, count);
        int[] words = tile.drops(count * 4);
        MemorySegment.copy(MemorySegment.ofArray(pairs), 0, MemorySegment.ofArray(words), 0, count * 16L);
        compare(words, count * 4, key.threshold());
        return words;
    }

    /// Half `which` of the key in round `round`.
    private long half(int which, int round) {
        int half = (int) (key.seed() >>> 32 * which);
        return half + round * (which == 0 ? W0 : W1) & LOW;
    }

    /// The first two rounds of a row's counters: only the block differs between them, so half of the products are
    /// constants.
    private void start(long[][] c, int from, Counter row) {
        long p0 = M0 * row.sample();
        long first = row.position() ^ half(0, 0);
        long second = M1 * (((p0 >>> 32) ^ row.site() ^ half(1, 0)) & LOW);
        long third = (second >>> 32) ^ half(0, 1);
        long fourth = p0 & LOW ^ half(1, 1);
        long[] c0 = c[0];
        long[] c1 = c[1];
        long[] c2 = c[2];
        long[] c3 = c[3];
        long product = M1 * row.firstBlock();
        for (int i = from; i < from + blocks; i++) {
            long p = M0 * (((product >>> 32) ^ first) & LOW);
            c0[i] = third ^ product;
            c1[i] = second;
            c2[i] = (p >>> 32) ^ fourth;
            c3[i] = p;
            product += M1;
        }
    }

    /// One round of the generator on all counters; the upper halves of the words are left dirty.
    private static void round(long[][] c, int count, long k0, long k1) {
        long[] c0 = c[0];
        long[] c1 = c[1];
        long[] c2 = c[2];
        long[] c3 = c[3];
        for (int i = 0; i < count; i++) {
            long p0 = M0 * (c0[i] & LOW);
            long p1 = M1 * (c2[i] & LOW);
            c0[i] = (p1 >>> 32) ^ c1[i] ^ k0;
            c1[i] = p1;
            c2[i] = (p0 >>> 32) ^ c3[i] ^ k1;
            c3[i] = p0;
        }
    }

    /// Puts the low halves of two words into the first.
    private static void join(long[] low, long[] high, int count) {
        for (int i = 0; i < count; i++) {
            low[i] = low[i] & LOW | high[i] << 32;
        }
    }

    private static void interleave(long[] first, long[] second, long[] pairs, int count) {
        for (int i = 0; i < count; i++) {
            pairs[2 * i] = first[i];
            pairs[2 * i + 1] = second[i];
        }
    }

    private static void compare(int[] words, int count, int threshold) {
        for (int i = 0; i < count; i++) {
            int word = words[i];
            int low = ((word & 0xFFFF) - threshold) >> 31 & 0xFFFF;
            int high = ((word >>> 16) - threshold) >> 31 & 0xFFFF0000;
            words[i] = low | high;
        }
    }
}
