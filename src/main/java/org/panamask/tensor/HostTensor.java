package org.panamask.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Numbers on the host on their way into a [Weight], such as a slice of a mapped safetensors file.
///
/// @param name the name they have in their file
/// @param dtype what one element is
/// @param shape the extents, outermost first
/// @param memory the elements, row-major, little-endian, of any alignment
public record HostTensor(String name, DType dtype, Shape shape, MemorySegment memory) {
    /// Refuses memory of another size than shape and type say.
    ///
    /// @throws ShapeException if the sizes differ
    public HostTensor {
        if (!memory.equals(MemorySegment.NULL) && memory.byteSize() != shape.count() * dtype.bytes()) {
            throw new ShapeException(name + ": " + shape + " " + dtype + " needs " + shape.count() * dtype.bytes()
                    + " bytes, but got " + memory.byteSize());
        }
    }

    /// Numbers of a Java array as F32.
    public static HostTensor of(String name, Shape shape, float... values) {
        return new HostTensor(name, DType.F32, shape, MemorySegment.ofArray(values));
    }

    /// A type and a shape for [ShapeOps], which reads no number.
    public static HostTensor withoutNumbers(String name, DType dtype, Shape shape) {
        return new HostTensor(name, dtype, shape, MemorySegment.NULL);
    }

    /// Element `index` as a real number.
    ///
    /// @throws ShapeException if the elements are not floats of 16, 32 or 64 bits
    public double at(long index) {
        return switch (dtype) {
            case F64 -> memory.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * 8);
            case F32 -> memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4);
            case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2));
            case BF16 -> Float.intBitsToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2) << 16);
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException(name + ": weights must be F64, F32, F16 or BF16, but got " + dtype);
        };
    }
}
