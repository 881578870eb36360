package org.panamask.checkpoint;

/// The upper half of a 32-bit float. (IEEE halves are converted by [Float#float16ToFloat] and
/// [Float#floatToFloat16].)
public final class Bfloat16 {
    private Bfloat16() {}

    /// The float with the same value; exact.
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// The nearest bfloat16, ties to even; a NaN stays a NaN.
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            // A payload in the lower half alone would round to infinity: set the quiet bit.
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }
}
