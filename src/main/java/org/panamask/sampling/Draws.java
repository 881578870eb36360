package org.panamask.sampling;

import java.util.Optional;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.diffusion.NoiseSource;

/// The random numbers of a sampler: keyed by row, column and step, or given.
///
/// @param noise keyed numbers
/// @param given numbers in their place
record Draws(NoiseSource noise, Optional<GivenNoise> given) {
    /// Keeps logarithms finite.
    private static final double LEAST = 1e-12;

    /// What orders columns at random.
    double uniform(GivenNoise.Place place) {
        return given.map(numbers -> numbers.uniform(place)).orElseGet(() ->
                (double) noise.uniform(NoisePurpose.ORDER, place.sample(), place.column(), place.step()));
    }

    /// What draws columns without putting them back.
    double exponential(GivenNoise.Place place) {
        return given.map(numbers -> numbers.exponential(place))
                .orElseGet(() -> Math.max(
                        LEAST,
                        -Math.log1p(-noise.uniform(NoisePurpose.ORDER, place.sample(), place.column(), place.step()))));
    }

    /// What draws a token from cumulative probabilities.
    double token(long sample, int column, int step) {
        return noise.uniform(NoisePurpose.SAMPLE, sample, column, step);
    }

    /// How many of `count` trials succeed that each do with probability `p`.
    int binomial(int count, double p, long sample, int step) {
        int successes = 0;
        for (int n = 0; n < count; n++) {
            if (noise.uniform(NoisePurpose.ORDER, sample, -1 - n, step) < p) {
                successes++;
            }
        }
        return successes;
    }
}
