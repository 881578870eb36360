package org.panamask.bench.device;

import java.util.Arrays;
import java.util.function.IntConsumer;

/// How long something took.
///
/// @param ms the median in milliseconds
/// @param least the shortest
/// @param most the longest
/// @param repetitions how often it was timed
/// @param runs how many runs a repetition had, which share what starting and waiting for a job costs
record Timing(double ms, double least, double most, int repetitions, int runs) {
    private static final int REPETITIONS = 9;
    private static final int WARM_UPS = 3;
    private static final double ENOUGH_MS = 40;
    private static final int MOST_RUNS = 200;

    /// Times `work`, which runs something as often as it is told and returns when all has been computed. What one
    /// repetition holds is chosen so that it takes long enough to be timed. Nothing is warmed up twice: the first
    /// runs compile kernels and choose products, the next make graphs.
    static Timing of(IntConsumer work) {
        for (int n = 0; n < WARM_UPS; n++) {
            millis(work, 1);
        }
        double one = Math.min(millis(work, 1), millis(work, 1));
        int runs = (int) Math.clamp(Math.ceil(ENOUGH_MS / one), 1, MOST_RUNS);
        if (runs > 1) {
            for (int n = 0; n < WARM_UPS; n++) {
                millis(work, runs);
            }
        }
        double[] times = new double[one > 2000 ? 3 : REPETITIONS];
        for (int n = 0; n < times.length; n++) {
            times[n] = millis(work, runs) / runs;
        }
        Arrays.sort(times);
        return new Timing(times[times.length / 2], times[0], times[times.length - 1], times.length, runs);
    }

    /// Times `work`, a run of which cannot share a job with others.
    static Timing single(Runnable work, int warmUps) {
        for (int n = 0; n < warmUps; n++) {
            work.run();
        }
        double one = millis(_ -> work.run(), 1);
        double[] times = new double[one > 2000 ? 3 : REPETITIONS];
        for (int n = 0; n < times.length; n++) {
            times[n] = millis(_ -> work.run(), 1);
        }
        Arrays.sort(times);
        return new Timing(times[times.length / 2], times[0], times[times.length - 1], times.length, 1);
    }

    private static double millis(IntConsumer work, int runs) {
        long start = System.nanoTime();
        work.accept(runs);
        return (System.nanoTime() - start) / 1e6;
    }
}
