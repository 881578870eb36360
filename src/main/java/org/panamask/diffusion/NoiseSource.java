package org.panamask.diffusion;

/// Where random numbers come from: keyed ones, or the numbers that a golden case gives.
@FunctionalInterface
public interface NoiseSource {
    /// A number in `[0, 1)`, always the same for the same arguments.
    ///
    /// @param purpose what it is for
    /// @param sample the global index of the row, below 2^56
    /// @param position the column in the row
    /// @param step the optimizer or denoising step
    float uniform(NoisePurpose purpose, long sample, int position, int step);
}
