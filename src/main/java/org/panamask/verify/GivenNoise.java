package org.panamask.verify;

import org.panamask.diffusion.NoiseSource;

/// The random numbers that a case gives for the rows of one batch, whose samples count from 0.
///
/// @param name of the case
/// @param times one for each row
/// @param hides one for each column, row after row
/// @param tokens the columns of a row
record GivenNoise(String name, double[] times, double[] hides, int tokens) {
    NoiseSource source() {
        return (purpose, sample, position, _) -> switch (purpose) {
            case TIME -> (float) times[(int) sample];
            case MASK -> (float) hides[(int) sample * tokens + position];
            case DROPOUT, ANNEAL, SAMPLE, ORDER, LENGTH ->
                throw new FixtureException(name + ": the case gives no numbers for " + purpose);
        };
    }
}
