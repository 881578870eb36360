package org.panamask.backend.host;

import org.panamask.tensor.Weight;

/// The two 8-bit float types that products of [org.panamask.backend.Precision#FP8] multiply in. Numbers are rounded to
/// nearest even and saturate at the largest one; the code of NaN is 0x7F.
///
/// @see <a href="https://arxiv.org/abs/2209.05433">Micikevicius et al. 2022, FP8 formats for deep learning, table
///     1</a>
public enum Float8 {
    /// 4 exponent and 3 mantissa bits, up to 448 and without infinity: weights and activations.
    E4M3(3, 7, 448),
    /// 5 exponent and 2 mantissa bits, up to 57344: gradients of activations, whose range is wider.
    E5M2(2, 15, 57_344);

    /// cuBLASLt multiplies 8-bit matrices whose extents are whole steps of this.
    private static final int STEP = 16;

    /// Powers of two beyond this have no inverse among the normal numbers.
    private static final int MOST_EXPONENT = 126;

    private static final int EXPONENT_BIAS = 127;
    private static final int MANTISSA = 23;
    private static final int INFINITY = 0x7F800000;
    private static final int NAN = 0x7F;

    private final int mantissa;
    private final int bias;
    private final float largest;

    Float8(int mantissa, int bias, float largest) {
        this.mantissa = mantissa;
        this.bias = bias;
        this.largest = largest;
    }

    /// Whether products with `w` are in 8 bits: of matrices that are frozen, because those are rounded once, and
    /// whose extents are multiples of 16. Low-rank branches that are trained keep their 16 bits.
    public static boolean multiplies(Weight w) {
        return !w.trainable()
                && w.shape().rank() == 2
                && w.shape().extent(0) % STEP == 0
                && w.shape().extent(1) % STEP == 0;
    }

    /// The largest number.
    public float largest() {
        return largest;
    }

    /// What numbers of at most magnitude `most` are multiplied with before they are rounded: the largest power of
    /// two that keeps them in range, so that scaling itself loses nothing. 1 where all are zero, and NaN where one
    /// is not finite, so that no overflow hides behind the largest number.
    public float scale(float most) {
        if (most == 0) {
            return 1;
        }
        if (!Float.isFinite(most)) {
            return Float.NaN;
        }
        int exponent = Math.getExponent(largest) - Math.getExponent(most);
        if (most * Math.scalb(1.0, exponent) > largest) {
            exponent--;
        }
        return Math.scalb(1f, Math.clamp(exponent, -MOST_EXPONENT, MOST_EXPONENT));
    }

    /// The number of this type that is nearest to `value`.
    public float rounded(float value) {
        int bits = Float.floatToRawIntBits(value) & 0x7FFFFFFF;
        float magnitude = Float.intBitsToFloat(bits);
        float result;
        if (bits > INFINITY) {
            return Float.NaN;
        } else if (magnitude >= largest) {
            result = largest;
        } else if (bits < EXPONENT_BIAS + 1 - bias << MANTISSA) {
            // The last bit of this number is worth the least number above zero, so adding it rounds.
            float step = Math.scalb(1f, MANTISSA + 1 - bias - mantissa);
            result = magnitude + step - step;
        } else {
            int drop = MANTISSA - mantissa;
            int whole = bits + (1 << drop - 1) - 1 + (bits >>> drop & 1) >>> drop << drop;
            result = Float.intBitsToFloat(whole);
        }
        return Math.copySign(result, value);
    }

    /// The code of the number nearest to `value`.
    public byte code(float value) {
        float number = rounded(value);
        if (Float.isNaN(number)) {
            return NAN;
        }
        int bits = Float.floatToRawIntBits(number);
        int least = 1 - bias;
        float magnitude = Math.abs(number);
        int code = Math.getExponent(number) < least
                ? (int) (magnitude * Math.scalb(1f, mantissa - least))
                : ((bits & 0x7FFFFFFF) >>> MANTISSA - mantissa) - (EXPONENT_BIAS - bias << mantissa);
        return (byte) (bits >>> 24 & 0x80 | code);
    }

    /// The number whose code is `code`.
    public float value(byte code) {
        int bare = code & 0x7F;
        int exponent = bare >>> mantissa;
        int digits = bare & (1 << mantissa) - 1;
        float result;
        if (bare > code(largest)) {
            result = this == E5M2 && digits == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
        } else if (exponent == 0) {
            result = digits * Math.scalb(1f, 1 - bias - mantissa);
        } else {
            result = (1 + Math.scalb((float) digits, -mantissa)) * Math.scalb(1f, exponent - bias);
        }
        return code < 0 ? -result : result;
    }
}
