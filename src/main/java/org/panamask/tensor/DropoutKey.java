package org.panamask.tensor;

/// Names the noise of one dropout: the same key gives the same mask in forward and backward, in any micro-batch, on any
/// device. Element `(n, c)` is dropped when the 16-bit field `c % 8` of the Philox words for counter
/// `(rows[n, 0], rows[n, 1], c / 8, site)` is below `round(rate * 65536)`; survivors are scaled by `1 / (1 - rate)`.
/// Attention drops probability `(n, h, j)`, of query row `n` in head `h` for key `j` of its batch row, by the same rule
/// with `j` for `c` and [#attentionSite] for the site.
///
/// @param rate the share of elements to drop, in [0, 1)
/// @param seed the Philox key: run seed and optimizer step, mixed
/// @param site which dropout of the model this is
/// @param rows `[N, 2]` I32, the global sample index and the position of each row
public record DropoutKey(double rate, long seed, int site, Tensor rows) {
    /// Bits of a counter word that hold the site; those above hold the head of an attention.
    static final int SITE_BITS = 20;

    /// The bound that a 16-bit draw must reach to keep its element.
    public int threshold() {
        return (int) Math.round(rate * 65536);
    }

    /// The last counter word of head `head` of an attention: `(head + 1) * 2^20 + site`, which no other dropout has
    /// as long as sites are below 2^20.
    public int attentionSite(int head) {
        return (head + 1 << SITE_BITS) + site;
    }

    /// What survivors are multiplied with.
    public float scale() {
        return (float) (1 / (1 - rate));
    }
}
