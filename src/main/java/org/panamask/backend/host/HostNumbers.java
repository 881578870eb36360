package org.panamask.backend.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Operands;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;

/// Element access and conversion between float types. Rounding is to nearest even.
public final class HostNumbers {
    private HostNumbers() {}

    /// Element `index` of a float tensor.
    public static double at(Tensor tensor, long index) {
        return at(tensor.memory(), tensor.dtype(), index);
    }

    /// Element `index` of float memory.
    public static double at(MemorySegment memory, DType dtype, long index) {
        return switch (dtype) {
            case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
            case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
            case F16 -> Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index));
            case BF16 -> Float.intBitsToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index) << 16);
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 -> throw notFloat(dtype);
        };
    }

    /// Sets element `index` of a float tensor, rounded to its type.
    public static void put(Tensor tensor, long index, double value) {
        put(tensor.memory(), tensor.dtype(), index, value);
    }

    /// Sets element `index` of float memory, rounded to its type.
    public static void put(MemorySegment memory, DType dtype, long index, double value) {
        switch (dtype) {
            case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
            case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
            case F16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16((float) value));
            case BF16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, index, bf16((float) value));
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 -> throw notFloat(dtype);
        }
    }

    /// The upper half of `value`, rounded to nearest even; NaN stays NaN.
    public static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /// Element `index` of an I32 tensor.
    public static int intAt(Tensor tensor, long index) {
        return tensor.memory().getAtIndex(ValueLayout.JAVA_INT, index);
    }

    /// Copies elements between float tensors, converting where the types differ.
    public static void copy(Tensor from, Tensor to) {
        if (from.dtype() == to.dtype()) {
            MemorySegment.copy(from.memory(), 0, to.memory(), 0, from.bytes());
            return;
        }
        for (long i = 0; i < from.count(); i++) {
            put(to, i, at(from, i));
        }
    }

    /// Copies numbers of the host into a float tensor, converting where the types differ.
    public static void copy(HostTensor from, Tensor to) {
        if (from.dtype() == to.dtype()) {
            MemorySegment.copy(from.memory(), 0, to.memory(), 0, to.bytes());
            return;
        }
        for (long i = 0; i < to.count(); i++) {
            put(to, i, from.at(i));
        }
    }

    /// Copies row r of `x` over row `rows[r]` of `into`, a matrix of the same type; `what` names the indices in
    /// messages.
    ///
    /// @throws IllegalArgumentException if an index lies outside
    public static void storeRows(Tensor x, Tensor rows, Tensor into, String what) {
        long bytes = into.shape().last() * into.dtype().bytes();
        long bound = into.shape().extent(0);
        for (long row = 0; row < rows.count(); row++) {
            Operands.requireIndex(what, intAt(rows, row), row, bound);
        }
        for (long row = 0; row < rows.count(); row++) {
            MemorySegment.copy(x.memory(), row * bytes, into.memory(), intAt(rows, row) * bytes, bytes);
        }
    }

    private static ShapeException notFloat(DType dtype) {
        return new ShapeException("numbers: F64, F32, F16 or BF16 is needed, but got " + dtype);
    }
}
