package org.panamask.backend.cuda;

import java.util.Locale;

/// The types of 16 bits, rounded in plain code.
enum Half {
    /// IEEE half.
    F16 {
        @Override
        int bits(float x) {
            return Float.floatToFloat16(x) & 0xffff;
        }

        @Override
        float rounded(float x) {
            return Float.float16ToFloat(Float.floatToFloat16(x));
        }
    },
    /// The upper half of f32.
    BF16 {
        @Override
        int bits(float x) {
            int bits = Float.floatToRawIntBits(x);
            return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
        }

        @Override
        float rounded(float x) {
            return Float.isNaN(x) ? x : Float.intBitsToFloat(bits(x) << 16);
        }
    };

    abstract int bits(float x);

    int bits(int x) {
        return bits((float) x);
    }

    abstract float rounded(float x);

    /// As kernels call it.
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
