package org.panamask.nn;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A linear map of rows, `y = W x + b`, with room for one adapter. Adapters come and go between jobs, never during
/// one.
public final class Linear implements RowMap {
    private final String path;
    private final Optional<Weight> bias;
    private Weight weight;
    private Optional<Lora> lora = Optional.empty();

    /// The map at `path` of a model, such as `model.layers.0.self_attn.q_proj`. `weight` is `[out, in]`, `bias`
    /// `[out]`.
    public Linear(String path, Weight weight, Optional<Weight> bias) {
        this.path = path;
        this.weight = weight;
        this.bias = bias;
    }

    /// `y = W x + b`, plus the adapter: `x` `[N, in]`, `rows` those of `x`, result `[N, out]`.
    @Override
    public Tensor forward(Ops ops, Tensor x, Rows rows) {
        Tensor y = bias.map(b -> ops.linear(x, weight, b)).orElseGet(() -> ops.linear(x, weight));
        return lora.map(branch -> branch.add(ops, y, x, rows)).orElse(y);
    }

    /// Puts `branch` beside the map, in place of any other.
    public void adapt(Lora branch) {
        lora = Optional.of(branch);
    }

    /// Takes the adapter away.
    public void withdraw() {
        lora = Optional.empty();
    }

    /// Puts another matrix of the same shape in place of W.
    ///
    /// @throws IllegalArgumentException if the shape differs
    public void replace(Weight other) {
        if (!other.shape().equals(weight.shape())) {
            throw new IllegalArgumentException(
                    path + ": a weight " + weight.shape() + " is needed, but got " + other.shape());
        }
        weight = other;
    }

    /// `W + scale * B A`, row-major, summed in double precision; W itself where there is no adapter.
    public float[] merged(Ops ops) {
        double[] sum = ops.doubles(weight.value());
        lora.ifPresent(branch -> addProduct(sum, branch, ops));
        float[] values = new float[sum.length];
        for (int n = 0; n < sum.length; n++) {
            values[n] = (float) sum[n];
        }
        return values;
    }

    private void addProduct(double[] sum, Lora branch, Ops ops) {
        double[] a = ops.doubles(branch.a().value());
        double[] b = ops.doubles(branch.b().value());
        Shape shape = weight.shape();
        int in = Math.toIntExact(shape.extent(1));
        int rank = Math.toIntExact(branch.a().shape().extent(0));
        for (int out = 0; out < shape.extent(0); out++) {
            for (int r = 0; r < rank; r++) {
                double factor = branch.scale() * b[out * rank + r];
                for (int i = 0; i < in; i++) {
                    sum[out * in + i] += factor * a[r * in + i];
                }
            }
        }
    }

    @Override
    public Linear whole() {
        return this;
    }

    /// Where it stands in the model.
    public String path() {
        return path;
    }

    /// The last part of [#path], such as `q_proj`.
    public String lastPart() {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /// W, `[out, in]`.
    public Weight weight() {
        return weight;
    }

    /// The adapter, if there is one.
    public Optional<Lora> lora() {
        return lora;
    }

    /// W and the bias, where there is one.
    public List<Weight> weights() {
        return Stream.concat(Stream.of(weight), bias.stream()).toList();
    }
}
