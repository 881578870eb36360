package org.panamask.autograd;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Computes through a backend's operations and remembers how to undo those that lead from a trained weight or a watched
/// tensor. What nobody trains is not remembered: base weights under LoRA get no gradient. Activations stay in the job's
/// arena until their step is undone; gradients of weights are added to [Accumulators]. One tape serves one forward pass
/// and one way back.
public final class Tape implements Ops {
    private final BackwardOps ops;
    private final Accumulators accumulators;
    private final Gradients gradients;
    private final Steps steps;
    private final WeightUses uses;
    private boolean undone;

    /// A tape over `ops` that trains the weights of `accumulators` and keeps every activation that the way back
    /// reads.
    public Tape(BackwardOps ops, Accumulators accumulators) {
        this(ops, accumulators, false);
    }

    private Tape(BackwardOps ops, Accumulators accumulators, boolean recompute) {
        this.ops = ops;
        this.accumulators = accumulators;
        this.gradients = new Gradients(ops);
        this.steps = new Steps(ops, gradients, recompute);
        this.uses = new WeightUses(accumulators);
    }

    /// A tape that keeps of each link of a [#chain] only the input, and computes the link again on the way back:
    /// less memory, a second forward pass, the same bits.
    public static Tape recomputing(BackwardOps ops, Accumulators accumulators) {
        return new Tape(ops, accumulators, true);
    }

    /// Tells `listener` of each trained weight as soon as this tape's way back adds nothing more to its sum.
    public void onGradient(Consumer<Weight> listener) {
        uses.tell(listener);
    }

    /// Asks for the gradient of `tensor`, to be read by [#gradient] once the steps are undone.
    public void watch(Tensor tensor) {
        steps.watch(tensor);
    }

    /// The gradient of a watched tensor; none before the way back, or if the result does not depend on it.
    public Optional<Tensor> gradient(Tensor tensor) {
        return gradients.of(tensor);
    }

    /// Undoes every step in reverse, from a loss of this tape, whose own gradient is 1. Activations end on the way:
    /// read the loss before.
    ///
    /// @throws IllegalStateException if the tape was undone before
    public void backward(CrossEntropy loss) {
        backward(loss.loss(), loss.loss());
    }

    /// Undoes every step in reverse, from `output` with the gradient `gradient` of its shape and type.
    ///
    /// @throws IllegalStateException if the tape was undone before
    public void backward(Tensor output, Tensor gradient) {
        if (undone) {
            throw new IllegalStateException("tape: it is undone once, make another for the next forward pass");
        }
        undone = true;
        uses.turn();
        ops.arena().use(JobArena.End.HIGH);
        try {
            gradients.put(output, gradient);
            steps.undo();
        } finally {
            ops.arena().use(JobArena.End.LOW);
        }
    }

    private boolean tracks(Tensor tensor) {
        return steps.tracks(tensor);
    }

    /// Whether the way back leads through a step from `input` by way of `weights`; those that are trained count as
    /// used.
    private boolean leads(Tensor input, Weight... weights) {
        return uses.of(weights) || tracks(input);
    }

    /// Adds to the gradient of `weight`, if it is trained.
    private void form(Weight weight, Consumer<Tensor> add) {
        accumulators.find(weight).ifPresent(add);
        uses.undone(weight);
    }

    /// Remembers how to undo `output` when one of its sources is tracked.
    private Tensor record(Tensor output, boolean wanted, Consumer<Tensor> undo) {
        return steps.record(output, wanted, undo);
    }

    @Override
    public DType dtype() {
        return ops.dtype();
    }

    @Override
    public DType sumType() {
        return ops.sumType();
    }

    @Override
    public int roundRows(int wanted, int all) {
        return ops.roundRows(wanted, all);
    }

    @Override
    public Tensor upload(Shape shape, int[] values) {
        return ops.upload(shape, values);
    }

    @Override
    public Tensor upload(Shape shape, double[] values) {
        return ops.upload(shape, values);
    }

    @Override
    public int[] ints(Tensor tensor) {
        return ops.ints(tensor);
    }

    @Override
    public double[] doubles(Tensor tensor) {
        return ops.doubles(tensor);
    }

    @Override
    public Tensor zeros(Owner owner, Shape shape, DType dtype) {
        return ops.zeros(owner, shape, dtype);
    }

    @Override
    public <T> T scoped(Supplier<T> body) {
        return ops.scoped(body);
    }

    @Override
    public Tensor chain(String name, Tensor x, int links, Link link) {
        return steps.chain(x, links, link);
    }

    @Override
    public Tensor embedding(Tensor ids, Weight table) {
        return record(
                ops.embedding(ids, table),
                uses.of(table),
                dy -> form(table, sum -> ops.embeddingBackward(dy, ids, sum)));
    }

    @Override
    public Tensor linear(Tensor x, Weight w) {
        return record(ops.linear(x, w), leads(x, w), dy -> undoLinear(dy, x, w, 1));
    }

    @Override
    public Tensor linear(Tensor x, Weight w, Weight bias) {
        return record(ops.linear(x, w, bias), leads(x, w, bias), dy -> {
            undoLinear(dy, x, w, 1);
            form(bias, sum -> ops.biasBackward(dy, sum));
        });
    }

    @Override
    public Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        Tensor sum = ops.addLinear(y, h, w, scale);
        return record(sum, leads(h, w) || tracks(y), dy -> {
            if (tracks(y)) {
                gradients.share(y, sum);
            }
            undoLinear(dy, h, w, scale);
        });
    }

    private void undoLinear(Tensor dy, Tensor x, Weight w, float scale) {
        if (tracks(x)) {
            ops.linearBackward(dy, w, scale, gradients.into(x));
        }
        form(w, sum -> ops.linearWeightBackward(dy, x, scale, sum));
    }

    @Override
    public Tensor dropout(Tensor x, DropoutKey key) {
        return record(ops.dropout(x, key), tracks(x), dy -> ops.dropoutBackward(dy, key, gradients.into(x)));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        return record(ops.rmsNorm(x, gain, epsilon), leads(x, gain), dy -> {
            form(gain, sum -> ops.rmsNormGainBackward(dy, x, epsilon, sum));
            if (tracks(x)) {
                ops.rmsNormBackward(dy, x, gain, epsilon, gradients.into(x));
            }
        });
    }

    @Override
    public Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon) {
        boolean wanted = leads(x, gain, bias);
        return record(ops.layerNorm(x, gain, bias, epsilon), wanted, dy -> {
            form(bias, sum -> ops.biasBackward(dy, sum));
            form(gain, sum -> ops.layerNormGainBackward(dy, x, epsilon, sum));
            if (tracks(x)) {
                ops.layerNormBackward(dy, x, gain, epsilon, gradients.into(x));
            }
        });
    }

    @Override
    public Tensor rotate(Tensor x, Rotation rotation) {
        return record(ops.rotate(x, rotation), tracks(x), dy -> ops.rotateBackward(dy, rotation, gradients.into(x)));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        boolean wanted = tracks(q) || tracks(k) || tracks(v);
        return record(ops.attention(q, k, v, mask, dropout), wanted, dy -> {
            ops.attentionBackward(
                    dy,
                    new BackwardOps.AttentionInputs(q, k, v, mask, dropout),
                    gradients.into(q),
                    gradients.into(k),
                    gradients.into(v));
            dropUntracked(q, k, v);
        });
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        boolean wanted = tracks(gate) || tracks(up);
        return record(ops.swiGlu(gate, up), wanted, dy -> {
            ops.swiGluBackward(dy, gate, up, gradients.into(gate), gradients.into(up));
            dropUntracked(gate, up);
        });
    }

    @Override
    public Tensor gelu(Tensor x) {
        return record(ops.gelu(x), tracks(x), dy -> ops.geluBackward(dy, x, gradients.into(x)));
    }

    /// Forgets gradients that came with those of their siblings but that nobody asked for.
    private void dropUntracked(Tensor... inputs) {
        for (Tensor input : inputs) {
            if (!tracks(input)) {
                gradients.drop(input);
            }
        }
    }

    @Override
    public Tensor add(Tensor x, Tensor y) {
        Tensor sum = ops.add(x, y);
        return record(sum, tracks(x) || tracks(y), _ -> {
            if (tracks(x)) {
                gradients.share(x, sum);
            }
            if (tracks(y)) {
                gradients.share(y, sum);
            }
        });
    }

    /// A point on a line, for guidance; nothing leads back from it.
    ///
    /// @throws IllegalStateException if something that is trained leads to it
    @Override
    public Tensor extrapolate(Tensor from, Tensor to, double factor) {
        requireUntracked("extrapolate", from, to);
        return ops.extrapolate(from, to, factor);
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        return record(ops.gatherRows(x, rows), tracks(x), dy -> ops.gatherRowsBackward(dy, rows, gradients.into(x)));
    }

    /// Rows copied into a matrix, for caches; nothing leads back from it.
    ///
    /// @throws IllegalStateException if something that is trained leads to it
    @Override
    public void storeRows(Tensor x, Tensor rows, Tensor into) {
        requireUntracked("storeRows", x, into);
        ops.storeRows(x, rows, into);
    }

    /// A matrix with other rows, for caches; nothing leads back from it.
    ///
    /// @throws IllegalStateException if something that is trained leads to it
    @Override
    public Tensor withRows(Tensor base, Tensor rows, Tensor x) {
        requireUntracked("withRows", base, x);
        return ops.withRows(base, rows, x);
    }

    private void requireUntracked(String operation, Tensor... inputs) {
        for (Tensor input : inputs) {
            if (tracks(input)) {
                throw new IllegalStateException("tape: " + operation + " is for inference and has no way back; use the"
                        + " backend's own operations");
            }
        }
    }

    @Override
    public Tensor columns(Tensor x, long from, long count) {
        return record(ops.columns(x, from, count), tracks(x), dy -> ops.columnsBackward(dy, from, gradients.into(x)));
    }

    /// Logits for evaluation; nothing leads back from them.
    @Override
    public Tensor logits(Tensor hidden, Weight head) {
        return ops.logits(hidden, head);
    }

    /// Expected rows of a table; nothing leads back from them.
    ///
    /// @throws IllegalStateException if something that is trained leads to it
    @Override
    public Tensor expectation(Tensor hidden, Weight head, Weight table, double scale) {
        requireUntracked("expectation", hidden);
        return ops.expectation(hidden, head, table, scale);
    }

    @Override
    public CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        List<Tensor> dHidden = tracks(hidden) ? List.of(ops.empty(hidden.shape(), hidden.dtype())) : List.of();
        List<Tensor> dHead = accumulators.find(head).stream().toList();
        if (dHidden.isEmpty() && dHead.isEmpty()) {
            return ops.crossEntropy(hidden, head, scoring);
        }
        CrossEntropy loss = ops.crossEntropyWithGradients(
                hidden, head, scoring, new BackwardOps.CrossEntropyGradients(dHidden, dHead));
        record(loss.loss(), true, _ -> dHidden.forEach(gradient -> gradients.put(hidden, gradient)));
        return loss;
    }

    /// The most likely tokens; nothing leads back from them.
    @Override
    public Prediction argmax(Tensor hidden, Weight head, TokenRule rule) {
        return ops.argmax(hidden, head, rule);
    }

    /// Drawn tokens; nothing leads back from them.
    @Override
    public Prediction sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        return ops.sample(hidden, head, rule, uniforms);
    }
}
