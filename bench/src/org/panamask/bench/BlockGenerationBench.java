package org.panamask.bench;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.sampling.SamplerSettings;
import org.panamask.sampling.SamplerTokens;
import org.panamask.train.BackendPasses;

/// Cost of a whole answer in f32, 128 tokens after a prompt of 64 in 64 steps and blocks of 32, by what is left out:
/// nothing, what cannot change the answer, or what a cache keeps. Counts beside it how many tokens are those of the
/// exact answer; the weights are random, so that says how caches differ and not what they cost in quality.
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class BlockGenerationBench {
    private static final int PROMPT = 64;
    private static final int ANSWER = 128;

    /// What is left out.
    @Param({"NOTHING", "EXACT", "PREFIX", "DUAL", "VICINITY"})
    public Savings savings;

    private BenchModel loaded;
    private SamplerInput input;
    private int[] exact;

    /// What a pass leaves out.
    public enum Savings {
        /// Every step runs over all columns, with logits of each.
        NOTHING("none", false),
        /// Passes and rows that cannot change the answer.
        EXACT("none", true),
        /// Besides, the columns before the block, but for the pass that opens it.
        PREFIX("prefix", true),
        /// The columns before and behind the block.
        DUAL("dual", true),
        /// All columns but those around the block.
        VICINITY("vicinity", true);

        private final String cache;
        private final boolean exact;

        Savings(String cache, boolean exact) {
            this.cache = cache;
            this.exact = exact;
        }

        private SamplerSettings settings() {
            return BlockSettings.defaults()
                    .with("max_new_tokens", ANSWER)
                    .with("steps", ANSWER / 2)
                    .with("block_size", ANSWER / 4)
                    .with("cache", cache)
                    .with("exact_savings", exact);
        }
    }

    /// What an answer took, and how much of it is the exact answer.
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Counts {
        /// Forward passes.
        public long forwards;

        /// Tokens of the answer that the exact answer has in the same place, of 128.
        public long sameTokens;

        /// Starts from 0.
        @Setup(Level.Iteration)
        public void clear() {
            forwards = 0;
            sameTokens = 0;
        }
    }

    /// Makes the model, a prompt and the exact answer.
    @Setup
    public void fill() {
        loaded = BenchModel.random(BenchSize.LLAMA_124M);
        BenchRows rows = new BenchRows(loaded.model().vocabularySize());
        int[] ids = Arrays.copyOf(rows.ids(PROMPT, 13), PROMPT + ANSWER);
        boolean[] given = new boolean[ids.length];
        Arrays.fill(given, 0, PROMPT, true);
        input = SamplerInput.of(new int[][] {ids}, new boolean[][] {given});
        exact = generate(Savings.EXACT).ids().getFirst();
    }

    /// One answer.
    @Benchmark
    public int[] answer(Counts counts) {
        SamplerResult result = generate(savings);
        int[] ids = result.ids().getFirst();
        counts.forwards = result.forwards();
        for (int column = PROMPT; column < ids.length; column++) {
            counts.sameTokens += ids[column] == exact[column] ? 1 : 0;
        }
        return ids;
    }

    private SamplerResult generate(Savings left) {
        int mask = new BenchRows(loaded.model().vocabularySize()).mask();
        Sampler sampler = Sampler.of(
                loaded.model(),
                new BackendPasses(loaded.backend(), loaded.precision()),
                left.settings(),
                new SamplerTokens(mask, mask, List.of(), List.of()),
                Alignment.OWN);
        return sampler.sample(input, SamplerListener.NONE);
    }

    /// Gives everything back.
    @TearDown
    public void close() {
        loaded.close();
    }
}
