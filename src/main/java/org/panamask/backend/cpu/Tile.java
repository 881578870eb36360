package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DType;
import org.panamask.tensor.Tensor;

/// Java arrays that pieces of native memory are worked on in: the compiler turns loops over arrays into vector
/// instructions, but not loops over two native segments. One for each thread; arrays grow and stay.
final class Tile {
    private static final int SLOTS = 8;

    // Bits of an F32: the magnitude of infinity, above which are the NaNs, and the bit of those that do not trap.
    private static final int INFINITY = 0x7F800000;
    private static final int QUIET = 0x00400000;

    private final float[][] floats = new float[SLOTS][0];
    private int[] bits = {};
    private long[] pairs = {};
    private int[] drops = {};
    private boolean[] flags = {};
    private short[] halves = {};
    private long[][] longs = new long[4][0];

    /// Array `slot` with at least `count` elements and undefined contents.
    float[] array(int slot, int count) {
        if (floats[slot].length < count) {
            floats[slot] = new float[count];
        }
        return floats[slot];
    }

    /// Four arrays of 64-bit words, at least `count` long each.
    long[][] words(int count) {
        if (longs[0].length < count) {
            longs = new long[4][count];
        }
        return longs;
    }

    /// An array of 16-bit fields; loading or storing BF16 overwrites it.
    short[] halves(int count) {
        if (halves.length < count) {
            halves = new short[count];
        }
        return halves;
    }

    /// One more array of 64-bit words.
    long[] pairs(int count) {
        if (pairs.length < count) {
            pairs = new long[count];
        }
        return pairs;
    }

    /// An array of 32-bit words, which loads and stores leave alone.
    int[] drops(int count) {
        if (drops.length < count) {
            drops = new int[count];
        }
        return drops;
    }

    /// An array of truth values.
    boolean[] flags(int count) {
        if (flags.length < count) {
            flags = new boolean[count];
        }
        return flags;
    }

    private int[] bits(int count) {
        if (bits.length < count) {
            bits = new int[count];
        }
        return bits;
    }

    /// Array `slot` with elements `[from, from + count)` of a float tensor.
    float[] load(int slot, Tensor tensor, long from, int count) {
        return load(slot, tensor.memory(), tensor.dtype(), from, count);
    }

    /// Array `slot` with elements `[from, from + count)` of float memory.
    float[] load(int slot, MemorySegment memory, DType dtype, long from, int count) {
        float[] values = array(slot, count);
        switch (dtype) {
            case F32 -> MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, from * 4, values, 0, count);
            case BF16 -> widen(memory, from, values, count);
            case F64, F16, I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = (float) HostNumbers.at(memory, dtype, from + i);
                }
            }
        }
        return values;
    }

    /// Writes the first `count` of `values` to elements `[from, from + count)` of a float tensor, rounded to its
    /// type.
    void store(float[] values, Tensor tensor, long from, int count) {
        store(values, tensor.memory(), tensor.dtype(), from, count);
    }

    /// Writes the first `count` of `values` to elements `[from, from + count)` of float memory, rounded to its
    /// type.
    void store(float[] values, MemorySegment memory, DType dtype, long from, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_FLOAT, from * 4, count);
            case BF16 -> narrow(values, memory, from, count);
            case F64, F16, I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    HostNumbers.put(memory, dtype, from + i, values[i]);
                }
            }
        }
    }

    // Floats become bits by a copy between arrays, because the compiler does not vectorise Float.floatToRawIntBits.
    private void widen(MemorySegment memory, long from, float[] values, int count) {
        short[] half = halves(count);
        int[] bit = bits(count);
        MemorySegment.copy(memory, ValueLayout.JAVA_SHORT, from * 2, half, 0, count);
        for (int i = 0; i < count; i++) {
            bit[i] = half[i] << 16;
        }
        MemorySegment.copy(MemorySegment.ofArray(bit), 0, MemorySegment.ofArray(values), 0, count * 4L);
    }

    private void narrow(float[] values, MemorySegment memory, long from, int count) {
        short[] half = halves(count);
        int[] bit = bits(count);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, MemorySegment.ofArray(bit), 0, count * 4L);
        for (int i = 0; i < count; i++) {
            // Every NaN becomes the quiet one: others would round up to minus zero or down to infinity.
            int bare = bit[i] & 0x7FFFFFFF;
            int magnitude = Math.min(bare | ((INFINITY - bare) >> 31 & QUIET), INFINITY | QUIET);
            int rounded = magnitude + 0x7FFF + (magnitude >>> 16 & 1) >>> 16;
            half[i] = (short) (rounded | bit[i] >>> 16 & 0x8000);
        }
        MemorySegment.copy(half, 0, memory, ValueLayout.JAVA_SHORT, from * 2, count);
    }
}
