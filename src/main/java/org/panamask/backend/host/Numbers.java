package org.panamask.backend.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.panamask.tensor.DType;
import org.panamask.tensor.Tensor;

/// Floating-point numbers in host memory, as they are sent: little-endian, of their own width.
///
/// @param memory where they are
/// @param bytes of one
record Numbers(MemorySegment memory, int bytes) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Those of `tensor`.
    ///
    /// @throws IllegalArgumentException if they are neither f32 nor f64
    static Numbers of(Tensor tensor) {
        if (tensor.dtype() != DType.F32 && tensor.dtype() != DType.F64) {
            throw new IllegalArgumentException("ranks: numbers must be of F32 or F64, but got " + tensor);
        }
        return new Numbers(tensor.memory(), tensor.dtype().bytes());
    }

    long count() {
        return memory.byteSize() / bytes;
    }

    /// The elements from `from` on, as they are.
    void copyTo(byte[] message, long from, int count) {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from * bytes, message, 0, count * bytes);
    }

    /// Replaces the elements from `from` on.
    void copyFrom(byte[] message, long from, int count) {
        MemorySegment.copy(message, 0, memory, ValueLayout.JAVA_BYTE, from * bytes, count * bytes);
    }

    /// Adds the first `count` numbers of `message` to `sums`.
    void add(byte[] message, double[] sums, int count) {
        MemorySegment source = MemorySegment.ofArray(message);
        if (bytes == Float.BYTES) {
            for (int i = 0; i < count; i++) {
                sums[i] += source.getAtIndex(FLOAT, i);
            }
        } else {
            for (int i = 0; i < count; i++) {
                sums[i] += source.getAtIndex(DOUBLE, i);
            }
        }
    }

    /// Writes `sums` over `divisor` into `message`.
    void put(double[] sums, double divisor, byte[] message, int count) {
        MemorySegment target = MemorySegment.ofArray(message);
        if (bytes == Float.BYTES) {
            for (int i = 0; i < count; i++) {
                target.setAtIndex(FLOAT, i, (float) (sums[i] / divisor));
            }
        } else {
            for (int i = 0; i < count; i++) {
                target.setAtIndex(DOUBLE, i, sums[i] / divisor);
            }
        }
    }
}
