package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HeadRules;
import org.panamask.tensor.InferenceRules;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// The forward half of [CpuOps].
abstract sealed class CpuForward implements Ops permits CpuOps {
    final CpuJob job;
    final Products products;
    final Pointwise pointwise;
    final Normalization normalization;
    final LayerNormalization layers;
    final Rotary rotary;
    final Dropout dropout;
    final Sums sums;
    final Head heads;
    final Choice choice;

    CpuForward(CpuJob job) {
        this.job = job;
        this.products = new Products(job);
        this.pointwise = new Pointwise(job);
        this.normalization = new Normalization(job);
        this.layers = new LayerNormalization(job);
        this.rotary = new Rotary(job);
        this.dropout = new Dropout(job);
        this.sums = new Sums(job);
        this.heads = new Head(job, products);
        this.choice = new Choice(job, heads);
    }

    final Tensor make(Shape shape, DType dtype) {
        return job.make(shape, dtype);
    }

    @Override
    public DType dtype() {
        return job.dtype();
    }

    @Override
    public DType sumType() {
        return DType.F32;
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        Tensor tensor = make(ShapeRules.upload(shape, values.length), DType.I32);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_INT, 0, values.length);
        return tensor;
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        Tensor tensor = make(ShapeRules.upload(shape, values.length), DType.F32);
        for (int i = 0; i < values.length; i++) {
            HostNumbers.put(tensor, i, values[i]);
        }
        return tensor;
    }

    @Override
    public int[] ints(Tensor tensor) {
        ShapeRules.ints(tensor);
        return tensor.memory().toArray(ValueLayout.JAVA_INT);
    }

    @Override
    public double[] doubles(Tensor tensor) {
        ShapeRules.doubles(tensor);
        double[] values = new double[Math.toIntExact(tensor.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.at(tensor, i);
        }
        return values;
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        return job.arena().scoped(body);
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        return job.arena().chain(x, links, link);
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        Tensor y = make(ShapeRules.embedding(ids, table), job.dtype());
        CpuWeight rows = CpuWeight.of(job, table);
        gather(rows.plain(job, job.dtype()), rows.shape().extent(0), ids, y, "embedding: ids");
        return y;
    }

    /// Copies rows; `what` names the indices in messages.
    private static void gather(MemorySegment from, long bound, Tensor indices, Tensor to, String what) {
        long bytes = to.shape().last() * to.dtype().bytes();
        for (long row = 0; row < indices.count(); row++) {
            long index = HostNumbers.intAt(indices, row);
            Operands.requireIndex(what, index, row, bound);
            MemorySegment.copy(from, index * bytes, to.memory(), row * bytes, bytes);
        }
    }

    /// Refuses tensors whose bytes oneDNN would read as numbers of the job's type.
    final void requireActivations(String operation, Tensor tensor) {
        if (tensor.dtype() != job.dtype()) {
            throw new ShapeException(operation + ": activations must be " + job.dtype()
                    + ", the type that this job computes in, but got " + tensor.dtype());
        }
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        Shape result = ShapeRules.linear(x, w);
        requireActivations("linear", x);
        return products.linear(x, w, result);
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        Shape result = ShapeRules.linear(x, w, bias);
        requireActivations("linear", x);
        return products.linear(x, w, bias, result);
    }

    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        ShapeRules.addLinear(y, h, w);
        requireActivations("addLinear", h);
        return products.addLinear(y, h, w, scale);
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        ShapeRules.dropout(x, key);
        return dropout.dropout(x, key);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        ShapeRules.rmsNorm(x, gain);
        requireActivations("rmsNorm", x);
        return normalization.rmsNorm(x, gain, epsilon);
    }

    @Override
    public Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon) {
        ShapeRules.layerNorm(x, gain, bias);
        requireActivations("layerNorm", x);
        return layers.layerNorm(x, gain, bias, epsilon);
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        ShapeRules.rotate(x, rotation);
        return rotary.rotate(x, rotation);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        ShapeRules.attention(q, k, v, mask, dropout);
        requireActivations("attention", q);
        return Attention.attention(job, new BackwardOps.AttentionInputs(q, k, v, mask, dropout));
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        ShapeRules.swiGlu(gate, up);
        requireActivations("swiGlu", gate);
        return pointwise.swiGlu(gate, up);
    }

    @Override
    public Tensor gelu(Tensor x) {
        ShapeRules.gelu(x);
        requireActivations("gelu", x);
        return pointwise.gelu(x);
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        ShapeRules.add(x, y);
        requireActivations("add", x);
        return pointwise.add(x, y);
    }

    @Override
    public Tensor extrapolate(Tensor from, Tensor to, double factor) {
        InferenceRules.extrapolate(from, to, factor);
        return pointwise.extrapolate(from, to, factor);
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Tensor y = make(ShapeRules.gatherRows(x, rows), x.dtype());
        gather(x.memory(), x.shape().extent(0), rows, y, "gatherRows: rows");
        return y;
    }

    @Override
    public void storeRows(Tensor x, Tensor rows, Tensor into) {
        InferenceRules.storeRows(x, rows, into);
        HostNumbers.storeRows(x, rows, into, "storeRows: rows");
    }

    @Override
    public Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        Tensor y = make(InferenceRules.withRows(base, rows, x), base.dtype());
        HostNumbers.copy(base, y);
        HostNumbers.storeRows(x, rows, y, "withRows: rows");
        return y;
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return Columns.take(job, x, from, ShapeRules.columns(x, from, count));
    }

    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        Shape result = HeadRules.logits(hidden, head);
        requireActivations("logits", hidden);
        return heads.logits(hidden, head, result);
    }

    @Override
    public Tensor expectation(Tensor hidden, Weight head, Weight table, double scale) {
        Shape result = InferenceRules.expectation(hidden, head, table);
        requireActivations("expectation", hidden);
        Tensor y = make(result, hidden.dtype());
        heads.expectation(hidden, head, table, (float) scale, y);
        return y;
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        HeadRules.crossEntropy(hidden, head, scoring);
        requireActivations("crossEntropy", hidden);
        return heads.crossEntropy(hidden, head, scoring, new BackwardOps.CrossEntropyGradients(List.of(), List.of()));
    }

    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        HeadRules.argmax(hidden, head, rule);
        requireActivations("argmax", hidden);
        return choice.argmax(hidden, head, rule);
    }

    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        HeadRules.sample(hidden, head, rule, uniforms);
        requireActivations("sample", hidden);
        return choice.sample(hidden, head, rule, uniforms);
    }
}
