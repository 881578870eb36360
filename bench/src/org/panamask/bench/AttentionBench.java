package org.panamask.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.nn.InitialValues;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Cost of attention with 12 heads of width 64 in f32, by number of tokens and mask.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
public class AttentionBench {
    private static final int HEADS = 12;
    private static final int WIDTH = 64;

    /// Who sees whom.
    public enum Visibility {
        /// Every token sees every other.
        FULL(new AttentionMask.Full()),
        /// Every token sees what is before it.
        CAUSAL(new AttentionMask.Causal()),
        /// Half of what is after a token is visible to it.
        ANNEALED(new AttentionMask.Annealed(0.5, 7, new AttentionMask.Full()));

        private final AttentionMask mask;

        Visibility(AttentionMask mask) {
            this.mask = mask;
        }
    }

    /// Length of the one text.
    @Param({"256", "1024", "4096"})
    public int tokens;

    /// Who sees whom.
    @Param({"FULL", "CAUSAL", "ANNEALED"})
    public Visibility mask;

    private Backend backend;
    private KeyIntervals visible;
    private Tensor q;
    private Tensor k;
    private Tensor v;
    private Tensor dy;

    /// Makes the backend and the inputs.
    @Setup
    public void fill() {
        backend = Backends.open(BackendSettings.defaults());
        visible = mask.mask.lower(1, tokens);
        Owner owner = backend.owner("bench");
        q = random(owner, "q");
        k = random(owner, "k");
        v = random(owner, "v");
        dy = random(owner, "dy");
    }

    private Tensor random(Owner owner, String name) {
        Shape shape = Shape.of(tokens, (long) HEADS * WIDTH);
        return backend.run(
                "input",
                Precision.F32,
                ops -> ops.weight(owner, new InitialValues(7).uniform(name, shape, 1), true)
                        .value()
                        .reshape(tokens, HEADS, WIDTH));
    }

    /// Forward.
    @Benchmark
    public long forward() {
        return backend.run(
                "attention",
                Precision.F32,
                ops -> ops.attention(q, k, v, visible).count());
    }

    /// The three gradients.
    @Benchmark
    public long backward() {
        return backend.run("attention backward", Precision.F32, ops -> {
            Into dq = gradient(ops);
            Into dk = gradient(ops);
            Into dv = gradient(ops);
            ops.attentionBackward(dy, new BackwardOps.AttentionInputs(q, k, v, visible), dq, dk, dv);
            return dq.tensor().count();
        });
    }

    private Into gradient(BackwardOps ops) {
        return new Into(ops.empty(q.shape(), q.dtype()), false);
    }

    /// Gives everything back.
    @TearDown
    public void close() {
        backend.close();
    }
}
