package org.panamask.backend.reference;

import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Philox;

/// What [DropoutKey] says of single elements.
final class DropoutDraws {
    private final DropoutKey key;
    private final int[] rows;
    private final int[] words = new int[4];
    private int row = -1;
    private int block;
    private int site;

    DropoutDraws(DropoutKey key) {
        this.key = key;
        this.rows = Values.ints(key.rows());
    }

    /// What element `column` of row `n` is multiplied with: 0 where it is dropped.
    double factor(int n, int column) {
        return factor(n, column, key.site());
    }

    private double factor(int n, int column, int atSite) {
        if (n != row || column / 8 != block || atSite != site) {
            row = n;
            block = column / 8;
            site = atSite;
            Philox.fill(words, key.seed(), pair(rows[n * 2], rows[n * 2 + 1]), pair(block, site));
        }
        int field = column % 8;
        int draw = words[field >> 1] >>> ((field & 1) * 16) & 0xFFFF;
        return draw < key.threshold() ? 0 : key.scale();
    }

    /// What the probability of query row `n` in head `head` for key `j` is multiplied with.
    double attentionFactor(int n, int head, int j) {
        return factor(n, j, key.attentionSite(head));
    }

    private static long pair(int low, int high) {
        return low & 0xFFFFFFFFL | (long) high << 32;
    }
}
