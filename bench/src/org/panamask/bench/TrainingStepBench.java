package org.panamask.bench;

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
import org.panamask.train.StepResult;

/// Cost of one fine-tuning step in f32, by model: ddm-sft on 8 rows of 256 tokens, rank 16 beside all seven maps of a
/// layer, dropout 0.1; forward, backward, clipping and AdamW.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 5, time = 1)
public class TrainingStepBench {
    /// Which model.
    @Param({"SMALL", "LLAMA_124M"})
    public BenchSize model;

    private BenchModel loaded;
    private BenchTraining training;
    private BenchRows rows;
    private int step;

    /// Makes the model, its adapter and the trainer.
    @Setup
    public void fill() {
        loaded = BenchModel.random(model);
        training = BenchTraining.start(loaded, BenchTraining.DROPOUT);
        rows = new BenchRows(loaded.model().vocabularySize());
    }

    /// One step on rows and noise of its own.
    @Benchmark
    public StepResult step() {
        step++;
        return training.trainer().step(step, List.of(rows.at(step)), BenchTraining.RATE);
    }

    /// Gives everything back.
    @TearDown
    public void close() {
        training.close();
        loaded.close();
    }
}
