package org.panamask.nn;

/// How rotary frequencies are stretched for texts longer than those a model was trained on.
public sealed interface RotaryScaling {
    /// Not at all.
    record None() implements RotaryScaling {}

    /// Every frequency divided by one factor.
    ///
    /// @param factor at least 1 in practice
    record Linear(double factor) implements RotaryScaling {}

    /// Long wavelengths divided by the factor, short ones kept, those between blended.
    ///
    /// @param factor F, divides frequencies of long wavelength
    /// @param lowFrequencyFactor l, wavelengths above O / l are long
    /// @param highFrequencyFactor h, wavelengths below O / h are short
    /// @param originalPositions O, the positions of the original training
    /// @see <a href="https://github.com/huggingface/transformers">huggingface/transformers, modeling_rope_utils.py,
    ///     _compute_llama3_parameters</a>
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
            implements RotaryScaling {}

    /// The frequencies of a head of `width`, `theta^(-2i / width)` for i below `width / 2`, after scaling.
    default double[] frequencies(double theta, int width) {
        double[] frequencies = new double[width / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = scaled(StrictMath.pow(theta, -2.0 * i / width));
        }
        return frequencies;
    }

    private double scaled(double f) {
        return switch (this) {
            case None() -> f;
            case Linear(double factor) -> f / factor;
            case Llama3(double factor, double low, double high, int original) -> {
                double wavelength = 2 * Math.PI / f;
                if (wavelength < original / high) {
                    yield f;
                }
                if (wavelength > original / low) {
                    yield f / factor;
                }
                double smooth = (original / wavelength - low) / (high - low);
                yield (1 - smooth) * f / factor + smooth * f;
            }
        };
    }
}
