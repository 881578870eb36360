package org.panamask.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

/// Between stored elements (little-endian, not necessarily aligned) and Java arrays.
final class Elements {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /// The longest array every virtual machine can allocate.
    private static final long LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    private Elements() {}

    static float[] floats(WeightSource source) {
        MemorySegment data = source.data();
        float[] values = new float[length(source)];
        switch (source.dtype()) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.float16ToFloat(data.get(SHORT, 2L * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Bfloat16.toFloat(data.get(SHORT, 2L * i));
                }
            }
            case F64 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) data.get(DOUBLE, 8L * i);
                }
            }
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw refused(source, "floats are read from F64, F32, F16 and BF16");
        }
        return values;
    }

    static double[] doubles(WeightSource source) {
        if (source.dtype() == DType.F64) {
            double[] values = new double[length(source)];
            MemorySegment.copy(source.data(), DOUBLE, 0, values, 0, values.length);
            return values;
        }
        float[] narrow = floats(source);
        double[] values = new double[narrow.length];
        for (int i = 0; i < narrow.length; i++) {
            values[i] = narrow[i];
        }
        return values;
    }

    /// The bytes of a matrix with rows and columns exchanged.
    static MemorySegment transposed(WeightSource source) {
        int bytes = source.dtype().bytes();
        int rows = Math.toIntExact(source.shape().extent(0));
        int columns = Math.toIntExact(source.shape().extent(1));
        MemorySegment data = source.data();
        MemorySegment turned = MemorySegment.ofArray(new byte[Math.toIntExact(data.byteSize())]);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                long from = ((long) row * columns + column) * bytes;
                long to = ((long) column * rows + row) * bytes;
                switch (bytes) {
                    case 2 -> turned.set(SHORT, to, data.get(SHORT, from));
                    case 4 -> turned.set(INT, to, data.get(INT, from));
                    default -> MemorySegment.copy(data, from, turned, to, bytes);
                }
            }
        }
        return turned;
    }

    /// The bytes of a tensor with those of `more` behind them.
    static MemorySegment appended(WeightSource source, float[] more) {
        MemorySegment behind = stored(source.dtype(), more);
        MemorySegment data = source.data();
        MemorySegment whole = Arena.ofAuto().allocate(data.byteSize() + behind.byteSize());
        MemorySegment.copy(data, 0, whole, 0, data.byteSize());
        MemorySegment.copy(behind, 0, whole, data.byteSize(), behind.byteSize());
        return whole;
    }

    static double[] columnMeans(WeightSource source) {
        int columns = Math.toIntExact(source.shape().extent(1));
        long rowBytes = (long) columns * source.dtype().bytes();
        long rows = source.shape().extent(0);
        double[] means = new double[columns];
        for (long row = 0; row < rows; row++) {
            MemorySegment data = source.data().asSlice(row * rowBytes, rowBytes);
            double[] values =
                    doubles(new WeightSource(source.file(), source.name(), source.dtype(), Shape.of(1, columns), data));
            for (int column = 0; column < columns; column++) {
                means[column] += values[column] / rows;
            }
        }
        return means;
    }

    static int[] ints(WeightSource source) {
        MemorySegment data = source.data();
        int[] values = new int[length(source)];
        switch (source.dtype()) {
            case I64 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = narrow(source, data.get(LONG, 8L * i), i);
                }
            }
            case I32 -> MemorySegment.copy(data, INT, 0, values, 0, values.length);
            case I16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = data.get(SHORT, 2L * i);
                }
            }
            case I8 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = data.get(ValueLayout.JAVA_BYTE, i);
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, i));
                }
            }
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 ->
                throw refused(source, "whole numbers are read from I64, I32, I16, I8, U8 and BOOL");
        }
        return values;
    }

    /// The bytes of `values` stored as `dtype`.
    static MemorySegment stored(DType dtype, float[] values) {
        if (dtype == DType.F32) {
            return stored(values);
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, dtype.bytes())]);
        switch (dtype) {
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    bytes.set(SHORT, 2L * i, Float.floatToFloat16(values[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    bytes.set(SHORT, 2L * i, Bfloat16.fromFloat(values[i]));
                }
            }
            case F64 -> {
                for (int i = 0; i < values.length; i++) {
                    bytes.set(DOUBLE, 8L * i, values[i]);
                }
            }
            case F32, I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new IllegalArgumentException(
                        "storing floats: they are stored as F64, F32, F16 or BF16, but got " + dtype);
        }
        return bytes;
    }

    private static MemorySegment stored(float[] values) {
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            return MemorySegment.ofArray(values);
        }
        MemorySegment swapped = MemorySegment.ofArray(new float[values.length]);
        MemorySegment.copy(values, 0, swapped, FLOAT, 0, values.length);
        return swapped;
    }

    private static int length(WeightSource source) {
        long count = source.shape().count();
        if (count > LONGEST_ARRAY) {
            throw refused(source, "an array holds at most " + LONGEST_ARRAY + " elements");
        }
        return (int) count;
    }

    private static int narrow(WeightSource source, long value, int index) {
        if (value != (int) value) {
            throw new CheckpointException(source.file() + ": tensor " + Printable.of(source.name())
                    + " must hold 32-bit numbers, but got " + value + " at " + index + "; it holds no token ids");
        }
        return (int) value;
    }

    private static CheckpointException refused(WeightSource source, String rule) {
        return new CheckpointException(source.file() + ": " + rule + ", but got tensor " + Printable.of(source.name())
                + " " + source.dtype() + " " + source.shape() + "; read its bytes instead");
    }
}
