package org.panamask.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which rows each optimizer step reads: a fresh permutation for every epoch, cut into micro-batches, gathered into
/// windows. Every step can be asked for at any time; nothing depends on the steps before it.
public final class BatchPlan {
    private final int samples;
    private final Settings settings;

    private BatchPlan(int samples, Settings settings) {
        this.samples = samples;
        this.settings = settings;
    }

    /// How rows are gathered.
    ///
    /// @param microBatch rows computed at once
    /// @param accumulate micro-batches of one optimizer step
    /// @param rule what happens to micro-batches that do not fill a step
    /// @param seed decides the order of the rows
    public record Settings(int microBatch, int accumulate, StepRule rule, long seed) {
        /// Checks the sizes.
        ///
        /// @throws DataException if one is less than 1
        public Settings {
            if (microBatch < 1) {
                throw new DataException("train.micro_batch must be at least 1, not " + microBatch);
            }
            if (accumulate < 1) {
                throw new DataException("train.accumulate must be at least 1, not " + accumulate);
            }
        }
    }

    /// A plan over `samples` rows.
    ///
    /// @throws DataException if there are no rows
    public static BatchPlan of(int samples, Settings settings) {
        if (samples < 1) {
            throw new DataException("data: there must be at least one row to train on, but got " + samples);
        }
        return new BatchPlan(samples, settings);
    }

    /// Micro-batches of one epoch; the last may hold fewer rows.
    public int batchesPerEpoch() {
        return Math.ceilDiv(samples, settings.microBatch);
    }

    /// Optimizer steps that count as one epoch.
    public int stepsPerEpoch() {
        int batches = batchesPerEpoch();
        return switch (settings.rule) {
            case CEIL -> Math.ceilDiv(batches, settings.accumulate);
            case FLOOR -> Math.max(1, batches / settings.accumulate);
        };
    }

    /// Optimizer steps of `epochs` epochs, which need not be whole.
    ///
    /// @throws DataException if `epochs` is not positive
    public long totalSteps(double epochs) {
        if (!(epochs > 0) || Double.isInfinite(epochs)) {
            throw new DataException("train.epochs must be positive, not " + epochs);
        }
        return (long) Math.ceil(epochs * stepsPerEpoch());
    }

    /// The micro-batches of optimizer step `step`, counted from 0, each as row numbers.
    public List<int[]> window(long step) {
        long first = firstBatch(step);
        int count = batchesOf(step);
        int batches = batchesPerEpoch();
        List<int[]> window = new ArrayList<>(count);
        long epoch = -1;
        int[] order = new int[0];
        for (long batch = first; batch < first + count; batch++) {
            if (batch / batches != epoch) {
                epoch = batch / batches;
                order = order(epoch);
            }
            int from = (int) (batch % batches) * settings.microBatch;
            window.add(Arrays.copyOfRange(order, from, Math.min(samples, from + settings.microBatch)));
        }
        return window;
    }

    /// How many epochs are done when `step` steps are.
    public double epochsAfter(long step) {
        return (double) firstBatch(step) / batchesPerEpoch();
    }

    /// The order of the rows in `epoch`, counted from 0.
    public int[] order(long epoch) {
        int[] order = new int[samples];
        Arrays.setAll(order, i -> i);
        new SplitMix64(new SplitMix64(settings.seed).next() + epoch).shuffle(order);
        return order;
    }

    private long firstBatch(long step) {
        int batches = batchesPerEpoch();
        return switch (settings.rule) {
            case CEIL -> {
                int steps = stepsPerEpoch();
                yield step / steps * batches + step % steps * settings.accumulate;
            }
            case FLOOR -> step * Math.min(batches, settings.accumulate);
        };
    }

    private int batchesOf(long step) {
        int batches = batchesPerEpoch();
        return switch (settings.rule) {
            case CEIL -> {
                long done = step % stepsPerEpoch() * settings.accumulate;
                yield (int) Math.min(settings.accumulate, batches - done);
            }
            case FLOOR -> Math.min(batches, settings.accumulate);
        };
    }
}
