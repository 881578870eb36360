package org.panamask.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/// What the rules of all operations ask of single operands, and the words in which they refuse.
public final class Operands {
    private Operands() {}

    /// The type that sums of values of `type` are kept in: F64 for F64, F32 for all others.
    public static DType sumOf(DType type) {
        return type == DType.F64 ? DType.F64 : DType.F32;
    }

    /// Demands that an index read from a tensor lies in `[0, bound)`.
    ///
    /// @param what the operation and the name of the indices, such as `embedding: ids`
    /// @param index what was read
    /// @param position where it was read
    /// @param bound the number of things it may point at
    /// @throws IllegalArgumentException if it lies outside
    public static void requireIndex(String what, long index, long position, long bound) {
        if (index < 0 || index >= bound) {
            throw new IllegalArgumentException(
                    what + " must be in [0, " + bound + "), but got " + index + " at position " + position);
        }
    }

    static boolean isMatrix(Tensor tensor) {
        return tensor.shape().rank() == 2;
    }

    static void requireInts(String operation, String name, Tensor tensor) {
        if (tensor.dtype() != DType.I32) {
            throw new ShapeException(operation + ": " + name + " must be I32, but got " + tensor.dtype());
        }
    }

    static void requireFloats(String operation, String name, Tensor tensor) {
        switch (tensor.dtype()) {
            case F64, F32, F16, BF16 -> {}
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException(
                        operation + ": " + name + " must be F64, F32, F16 or BF16, but got " + tensor.dtype());
        }
    }

    static void requireOneType(String operation, String names, Tensor... tensors) {
        for (Tensor tensor : tensors) {
            requireFloats(operation, names, tensor);
            if (tensor.dtype() != tensors[0].dtype()) {
                throw new ShapeException(operation + ": " + names + " must be of one type, but got " + types(tensors));
            }
        }
    }

    static void requireSumType(String operation, String names, Tensor activation, Tensor... tensors) {
        DType wanted = sumOf(activation.dtype());
        for (Tensor tensor : tensors) {
            if (tensor.dtype() != wanted) {
                throw new ShapeException(operation + ": " + names + " must be " + wanted + " beside activations of "
                        + activation.dtype() + ", but got " + types(tensors));
            }
        }
    }

    static ShapeException refused(String rule, Shape... got) {
        return new ShapeException(rule + ", but got " + Arrays.toString(got));
    }

    private static String types(Tensor... tensors) {
        return Arrays.stream(tensors)
                .map(tensor -> tensor.dtype().toString())
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
