package org.panamask.backend.cuda.attention;

import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.KeyIntervals;

/// What decides on which implementation can follow a mask.
///
/// @param kind how it hides keys
/// @param everyRowSees whether no row can be left without a key
/// @param rectangular whether every batch row has the same number of query rows, at least one
public record MaskFacts(Kind kind, boolean everyRowSees, boolean rectangular) {
    /// How a mask hides keys.
    public enum Kind {
        /// It hides none.
        FULL,
        /// Every token is asked for and sees those up to itself.
        CAUSAL,
        /// By intervals of any other form.
        INTERVALS,
        /// By draws.
        ANNEALED,
        /// By given bits.
        GIVEN
    }

    /// The facts of `mask`.
    public static MaskFacts of(KeyIntervals mask) {
        boolean full = true;
        boolean causal = mask.count() == mask.batch() * mask.keys();
        boolean sees = true;
        for (int row = 0; row < mask.count(); row++) {
            boolean one = mask.bound(row, 2) >= mask.bound(row, 3) && mask.bound(row, 0) == 0;
            full &= one && mask.bound(row, 1) == mask.keys();
            causal &= one && mask.bound(row, 1) == mask.index(row) + 1;
            sees &= surelySees(mask, row);
        }
        return new MaskFacts(kind(mask, full, causal), sees, isRectangular(mask));
    }

    private static Kind kind(KeyIntervals mask, boolean full, boolean causal) {
        if (mask.isGiven()) {
            return Kind.GIVEN;
        }
        if (mask.threshold() != AnnealingDraw.FULL) {
            return Kind.ANNEALED;
        }
        return full ? Kind.FULL : causal ? Kind.CAUSAL : Kind.INTERVALS;
    }

    private static boolean surelySees(KeyIntervals mask, int row) {
        boolean annealed = mask.threshold() != AnnealingDraw.FULL;
        for (int which = 0; which < 4; which += 2) {
            int to = annealed ? Math.min(mask.bound(row, which + 1), mask.index(row) + 1) : mask.bound(row, which + 1);
            for (int j = mask.bound(row, which); j < to; j++) {
                if (!mask.isGiven() || mask.given(row, j)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isRectangular(KeyIntervals mask) {
        int each = mask.firstRow(1);
        for (int b = 0; b < mask.batch(); b++) {
            if (mask.firstRow(b + 1) - mask.firstRow(b) != each) {
                return false;
            }
        }
        return each > 0;
    }
}
