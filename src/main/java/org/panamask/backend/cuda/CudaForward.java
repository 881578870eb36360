package org.panamask.backend.cuda;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HeadRules;
import org.panamask.tensor.InferenceRules;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// The forward half of [CudaOps].
abstract sealed class CudaForward implements Ops permits CudaOps {
    final CudaJob job;
    final Attention attentions;
    final Products products;
    final Head heads;
    final Choice choice;
    final Pointwise pointwise;
    final Sums sums;
    final Rows rows;
    final Normalization normalization;
    final LayerNormalization layers;
    final Rotary rotary;
    final Dropout dropout;

    CudaForward(CudaJob job) {
        this.job = job;
        this.attentions = new Attention(job);
        this.pointwise = new Pointwise(job);
        this.products = new Products(job, pointwise);
        this.heads = new Head(job, products, Head.CHUNK_BYTES);
        this.choice = new Choice(job, heads);
        this.sums = new Sums(job);
        this.rows = new Rows(job, pointwise);
        this.normalization = new Normalization(job, pointwise, sums);
        this.layers = new LayerNormalization(job, pointwise, sums);
        this.rotary = new Rotary(job);
        this.dropout = new Dropout(job);
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
    public int roundRows(int wanted, int all) {
        return RowBuckets.round(wanted, all);
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        ShapeRules.upload(shape, values.length);
        return job.upload(shape, values);
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        ShapeRules.upload(shape, values.length);
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return job.upload(shape, rounded);
    }

    @Override
    public int[] ints(Tensor tensor) {
        ShapeRules.ints(tensor);
        return job.ints(tensor);
    }

    @Override
    public double[] doubles(Tensor tensor) {
        ShapeRules.doubles(tensor);
        return job.doubles(tensor);
    }

    /// A scope is a micro-batch or a pass. Its commands are lists of their own, so that they are the same graphs
    /// whatever runs before and after.
    @Override
    public <T> T scoped(Supplier<T> body) {
        job.device().queue().flush();
        return job.arena().scoped(() -> {
            T result = body.get();
            job.device().queue().flush();
            return result;
        });
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        return job.arena().chain(x, links, link);
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        return rows.embedding(ids, table, ShapeRules.embedding(ids, table));
    }

    /// Refuses tensors whose bytes kernels would read as numbers of the job's type.
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
        return attentions.attention(new BackwardOps.AttentionInputs(q, k, v, mask, dropout));
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
        return this.rows.gatherRows(x, rows, ShapeRules.gatherRows(x, rows));
    }

    @Override
    public void storeRows(Tensor x, Tensor rows, Tensor into) {
        InferenceRules.storeRows(x, rows, into);
        this.rows.storeRows(x, rows, into);
    }

    @Override
    public Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        InferenceRules.withRows(base, rows, x);
        return this.rows.withRows(base, rows, x);
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return pointwise.columns(x, from, ShapeRules.columns(x, from, count));
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
        Tensor y = job.make(result, hidden.dtype());
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
