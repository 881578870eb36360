package org.panamask.backend.cuda;

import java.util.Map;
import java.util.TreeMap;

/// The types of 8 bits, by the number that each code stands for.
enum EightBitCodes {
    /// More digits.
    E4M3(3, 7, 0x7e),
    /// More range.
    E5M2(2, 15, 0x7b);

    private final TreeMap<Double, Integer> codes = new TreeMap<>();

    EightBitCodes(int mantissa, int bias, int largest) {
        for (int code = 0; code <= largest; code++) {
            int exponent = code >> mantissa;
            double fraction = (code & (1 << mantissa) - 1) * Math.scalb(1.0, -mantissa);
            codes.put(exponent == 0 ? Math.scalb(fraction, 1 - bias) : Math.scalb(1 + fraction, exponent - bias), code);
        }
    }

    /// The number and code nearest to the size of `x`, of two the even code; the largest above all.
    private Map.Entry<Double, Integer> nearest(double x) {
        double size = Math.abs(x);
        Map.Entry<Double, Integer> below = codes.floorEntry(size);
        Map.Entry<Double, Integer> above = codes.ceilingEntry(size);
        if (above == null || size - below.getKey() < above.getKey() - size) {
            return below;
        }
        boolean tie = size - below.getKey() == above.getKey() - size;
        return tie && below.getValue() % 2 == 0 ? below : above;
    }

    /// The code of `x`.
    int code(double x) {
        return nearest(x).getValue() | (Math.copySign(1, x) < 0 ? 0x80 : 0);
    }

    /// The number that the code of `x` stands for.
    double rounded(double x) {
        return Double.isNaN(x) ? x : Math.copySign(nearest(x).getKey(), x);
    }
}
