package org.panamask.bench;

import java.util.Arrays;
import java.util.List;
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
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.TokenRule;

/// Cost of one denoising pass over 256 tokens in f32, as the sampler makes it: the model, the head for the masked
/// positions, and the most likely token of each; by model and number of masked positions.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class DenoisingBench {
    private static final int TOKENS = 256;

    /// Which model.
    @Param({"SMALL", "LLAMA_124M"})
    public BenchSize model;

    /// How many positions at the end of the canvas are masked.
    @Param({"32", "256"})
    public int masked;

    private BenchModel loaded;
    private Canvas canvas;
    private TokenRule rule;

    /// Makes the model and a canvas.
    @Setup
    public void fill() {
        loaded = BenchModel.random(model);
        BenchRows rows = new BenchRows(loaded.model().vocabularySize());
        int[] ids = rows.ids(TOKENS, 7);
        Arrays.fill(ids, TOKENS - masked, TOKENS, rows.mask());
        int[] asked = new int[masked];
        Arrays.setAll(asked, n -> TOKENS - masked + n);
        canvas = Canvas.of(1, TOKENS, ids).withRows(asked);
        rule = new TokenRule(1, 0, 1, List.of(rows.mask()));
    }

    /// One pass.
    @Benchmark
    public int[] pass() {
        return loaded.run(
                "denoising pass",
                ops -> ops.ints(ops.argmax(
                                loaded.model().hidden(ops, canvas),
                                loaded.model().head(),
                                rule)
                        .tokens()));
    }

    /// Gives everything back.
    @TearDown
    public void close() {
        loaded.close();
    }
}
