package org.panamask.tensor;

/// How a row's cross entropy counts in a loss: `alpha * (1 - exp(-ce))^gamma * ce`, which takes weight from tokens that
/// are already easy. The factor is part of what is differentiated.
///
/// @param alpha scales every row, above 0
/// @param gamma how much less easy tokens count, at least 0; 0 counts all alike
/// @see <a href="https://arxiv.org/abs/1708.02002">Lin et al. 2017, equation 5</a>
public record TokenWeighting(double alpha, double gamma) {
    /// Every row counts as it is.
    public static final TokenWeighting NONE = new TokenWeighting(1, 0);

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if one is outside
    public TokenWeighting {
        if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY && gamma >= 0 && gamma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "token weighting: alpha must be above 0 and gamma at least 0, but got " + alpha + " and " + gamma);
        }
    }

    /// What a row with the cross entropy `ce` adds to a loss.
    public double of(double ce) {
        return gamma == 0 ? alpha * ce : alpha * StrictMath.pow(missed(ce), gamma) * ce;
    }

    /// The derivative of [#of]: `alpha * ((1 - p)^gamma + gamma * ce * p * (1 - p)^(gamma - 1))` with `p =
    /// exp(-ce)`.
    public double slope(double ce) {
        if (gamma == 0) {
            return alpha;
        }
        double missed = missed(ce);
        if (missed == 0) {
            return 0;
        }
        double power = StrictMath.pow(missed, gamma);
        return alpha * (power + gamma * ce * (1 - missed) * power / missed);
    }

    /// `1 - exp(-ce)`; rounding can leave a cross entropy just below 0.
    private static double missed(double ce) {
        return -StrictMath.expm1(-Math.max(0, ce));
    }
}
