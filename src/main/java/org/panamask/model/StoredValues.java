package org.panamask.model;

import java.util.stream.Stream;
import org.panamask.checkpoint.PendingTensor;
import org.panamask.checkpoint.WeightSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// Weights on their way into files.
final class StoredValues {
    private StoredValues() {}

    /// The values of `weight` under `name`, in the type they are kept in; doubles become F32.
    static WeightSource read(Ops ops, String name, Weight weight) {
        double[] values = ops.doubles(weight.value());
        float[] floats = new float[values.length];
        for (int n = 0; n < values.length; n++) {
            floats[n] = (float) values[n];
        }
        return WeightSource.of(name, type(weight), weight.shape(), floats);
    }

    /// Other values for `weight`, in the type that its own are kept in.
    static WeightSource of(Weight weight, float[] values) {
        return WeightSource.of(weight.name(), type(weight), weight.shape(), values);
    }

    private static DType type(Weight weight) {
        DType kept = weight.value().dtype();
        return kept == DType.F64 ? DType.F32 : kept;
    }

    /// The same, laid out as the files of a model of `config` keep it.
    static WeightSource read(Ops ops, Architecture config, String name, Weight weight) {
        return filed(config, read(ops, name, weight));
    }

    /// The same, read when it is written.
    static PendingTensor pending(Ops ops, Architecture config, String name, Weight weight) {
        Shape shape = weight.shape();
        Shape filed = config.transposed(name) ? Shape.of(shape.extent(1), shape.extent(0)) : shape;
        return new PendingTensor(name, type(weight), filed, () -> Stream.of(read(ops, config, name, weight)));
    }

    /// A whole weight on its way into or out of files, turned over where they keep it so.
    static WeightSource filed(Architecture config, WeightSource source) {
        return config.transposed(source.name()) ? source.transposed() : source;
    }

    /// What PyTorch calls a type of weights.
    static String torchName(DType dtype) {
        return switch (dtype) {
            case F64 -> "float64";
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ModelException("save: weights must be F64, F32, F16 or BF16, but got " + dtype);
        };
    }
}
