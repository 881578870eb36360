package org.panamask.backend.reference;

import java.lang.foreign.ValueLayout;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Whole tensors as Java arrays: loops read them, compute in double, and store what they made, rounded once.
final class Values {
    private Values() {}

    static double[] of(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.at(tensor, i);
        }
        return values;
    }

    static int[] ints(Tensor tensor) {
        int[] values = new int[Math.toIntExact(tensor.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.intAt(tensor, i);
        }
        return values;
    }

    static void store(double[] values, Tensor tensor) {
        for (int i = 0; i < values.length; i++) {
            HostNumbers.put(tensor, i, values[i]);
        }
    }

    static void store(double[] values, Into into) {
        if (into.add()) {
            add(values, into.tensor());
        } else {
            store(values, into.tensor());
        }
    }

    static void add(double[] values, Tensor tensor) {
        for (int i = 0; i < values.length; i++) {
            HostNumbers.put(tensor, i, HostNumbers.at(tensor, i) + values[i]);
        }
    }

    static void put(Tensor tensor, long index, int value) {
        tensor.memory().setAtIndex(ValueLayout.JAVA_INT, index, value);
    }

    /// `value` as a tensor of `dtype` would hold it.
    static double rounded(double value, DType dtype) {
        return switch (dtype) {
            case F64 -> value;
            case F32 -> (float) value;
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            case BF16 -> Float.intBitsToFloat(HostNumbers.bf16((float) value) << 16);
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException("numbers: F64, F32, F16 or BF16 is needed, but got " + dtype);
        };
    }

    /// `value` as a product in `dtype` multiplies it. Halves are multiplied as halves, whatever the operand was
    /// kept in; F32 and F64 operands are what they are.
    static double operand(double value, DType dtype) {
        return isHalf(dtype) ? rounded(value, dtype) : value;
    }

    /// The values of `weight` as a product in `dtype` multiplies them: a trained weight's master copy is F32.
    static double[] operand(Weight weight, DType dtype) {
        double[] values = of(weight.value());
        if (isHalf(dtype)) {
            for (int i = 0; i < values.length; i++) {
                values[i] = rounded(values[i], dtype);
            }
        }
        return values;
    }

    /// Whether elements have 16 bits.
    static boolean isHalf(DType dtype) {
        return dtype == DType.F16 || dtype == DType.BF16;
    }

    static int extent(Tensor tensor, int axis) {
        return Math.toIntExact(tensor.shape().extent(axis));
    }
}
