package org.panamask.backend.reference;

import java.lang.foreign.ValueLayout;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

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

    /// `value` as a tensor of `dtype`, F32 or F64, would hold it.
    static double rounded(double value, DType dtype) {
        return dtype == DType.F64 ? value : (float) value;
    }

    static int extent(Tensor tensor, int axis) {
        return Math.toIntExact(tensor.shape().extent(axis));
    }
}
