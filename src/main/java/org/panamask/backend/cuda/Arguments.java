package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.panamask.tensor.Tensor;

/// The values of a kernel's parameters in their order, laid out as C does. Equal values make equal arguments. Once they
/// are part of a launch they must stay as they are.
final class Arguments {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int STRUCT_ALIGNMENT = 16;

    private byte[] values = new byte[64];
    private int[] offsets = new int[8];
    private int size;
    private int count;

    /// No parameters yet.
    Arguments() {}

    /// The address of a tensor's first element.
    Arguments pointer(Tensor tensor) {
        return pointer(tensor.memory());
    }

    /// The address that a segment of the device stands for.
    Arguments pointer(MemorySegment memory) {
        return pointer(memory.address());
    }

    /// An address on the device; 0 for none.
    Arguments pointer(long address) {
        return i64(address);
    }

    /// A 32-bit integer.
    Arguments i32(int value) {
        // First: it may replace the array.
        int at = begin(Integer.BYTES, Integer.BYTES);
        INT.set(values, at, value);
        return this;
    }

    /// A 64-bit integer.
    Arguments i64(long value) {
        int at = begin(Long.BYTES, Long.BYTES);
        LONG.set(values, at, value);
        return this;
    }

    /// A 32-bit float.
    Arguments f32(float value) {
        return i32(Float.floatToRawIntBits(value));
    }

    /// A structure as C lays it out.
    Arguments bytes(byte[] structure) {
        int at = begin(structure.length, STRUCT_ALIGNMENT);
        System.arraycopy(structure, 0, values, at, structure.length);
        return this;
    }

    /// Makes room for the next parameter and returns where it starts.
    private int begin(int bytes, int alignment) {
        int at = (size + alignment - 1) / alignment * alignment;
        size = at + bytes;
        if (size > values.length) {
            values = Arrays.copyOf(values, Math.max(size, 2 * values.length));
        }
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
        }
        offsets[count++] = at;
        return at;
    }

    /// The values, each at its offset.
    byte[] values() {
        return Arrays.copyOf(values, size);
    }

    /// Where each parameter starts.
    int[] offsets() {
        return Arrays.copyOf(offsets, count);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Arguments that
                && Arrays.equals(values, 0, size, that.values, 0, that.size)
                && Arrays.equals(offsets, 0, count, that.offsets, 0, that.count);
    }

    @Override
    public int hashCode() {
        int hash = count;
        for (int i = 0; i < size; i++) {
            hash = 31 * hash + values[i];
        }
        return hash;
    }
}
