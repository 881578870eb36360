package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// Keyed dropout: the draws of several rows at a time, each step of the generator a loop that becomes vector
/// instructions.
final class Dropout {
    /// Counters drawn at a time: long loops, and arrays that stay in the first cache.
    private static final int COUNTERS = 512;

    private static final int FIELDS = 8;
    private static final long LOW = 0xFFFFFFFFL;

    // The constants of Philox4x32, see org.panamask.tensor.Philox.
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    private final CpuJob job;

    Dropout(CpuJob job) {
        this.job = job;
    }

    Tensor dropout(Tensor x, DropoutKey key) {
        Tensor y = job.make(x.shape(), job.dtype());
        apply(x, key, new Into(y, false));
        return y;
    }

    /// `into = dropout(x)`, or added to it.
    void apply(Tensor x, DropoutKey key, Into into) {
        int width = Math.toIntExact(x.shape().last());
        int blocks = (width + FIELDS - 1) / FIELDS;
        int group = Math.max(1, COUNTERS / Math.max(1, blocks));
        job.rows(x.shape().rows(), width, (tile, first, last) -> {
            for (long row = first; row < last; row += group) {
                int rows = (int) Math.min(group, last - row);
                int[] drops = draw(tile, key, row, rows, blocks);
                for (int r = 0; r < rows; r++) {
                    drop(tile, new Row(x, row + r, width, r * blocks * FIELDS), drops, key.scale(), into);
                }
            }
        });
    }

    private record Row(Tensor x, long index, int width, int field) {}

    private static void drop(Tile tile, Row row, int[] drops, float scale, Into into) {
        long from = row.index() * row.width();
        int width = row.width();
        float[] values = tile.load(0, row.x(), from, width);
        short[] fields = tile.halves(width);
        // A field is -1 where the element is dropped and 0 where it stays.
        MemorySegment.copy(
                MemorySegment.ofArray(drops), row.field() * 2L, MemorySegment.ofArray(fields), 0, width * 2L);
        float[] result = tile.array(1, width);
        keep(values, fields, scale, result, width);
        if (into.add()) {
            // Only now: loading half-precision numbers takes the array that held the fields.
            add(result, tile.load(2, into.tensor(), from, width), width);
        }
        tile.store(result, into.tensor(), from, width);
    }

    private static void keep(float[] values, short[] fields, float scale, float[] result, int width) {
        for (int i = 0; i < width; i++) {
            result[i] = values[i] * (scale + scale * fields[i]);
        }
    }

    private static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }

    /// Two 16-bit fields a word, -1 where the draw is below the threshold, for `blocks * 8` columns of each row.
    private static int[] draw(Tile tile, DropoutKey key, long row, int rows, int blocks) {
        int count = rows * blocks;
        long[][] c = tile.words(count);
        for (int r = 0; r < rows; r++) {
            long sample = HostNumbers.intAt(key.rows(), (row + r) * 2) & LOW;
            long position = HostNumbers.intAt(key.rows(), (row + r) * 2 + 1) & LOW;
            start(c, r * blocks, blocks, new RowKey(sample, position, key));
        }
        for (int round = 2; round < 10; round++) {
            round(c, count, key(key, 0, round), key(key, 1, round));
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
    private static long key(DropoutKey key, int which, int round) {
        int half = (int) (key.seed() >>> 32 * which);
        return half + round * (which == 0 ? W0 : W1) & LOW;
    }

    private record RowKey(long sample, long position, DropoutKey key) {}

    /// The first two rounds of a row's counters `(sample, position, block, site)`: only the block differs between
    /// them, so half of the products are constants.
    private static void start(long[][] c, int from, int blocks, RowKey row) {
        long p0 = M0 * row.sample();
        long first = row.position() ^ key(row.key(), 0, 0);
        long second = M1 * (((p0 >>> 32) ^ row.key().site() ^ key(row.key(), 1, 0)) & LOW);
        long third = (second >>> 32) ^ key(row.key(), 0, 1);
        long fourth = p0 & LOW ^ key(row.key(), 1, 1);
        long[] c0 = c[0];
        long[] c1 = c[1];
        long[] c2 = c[2];
        long[] c3 = c[3];
        long product = 0;
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
