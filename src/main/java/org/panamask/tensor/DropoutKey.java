package org.panamask.tensor;

/// Names the noise of one dropout: the same key gives the same mask in forward and backward, in any micro-batch, on any
/// device. Element `(n, c)` is dropped when the 16-bit field `c % 8` of the Philox words for counter
/// `(rows[n, 0], rows[n, 1], c / 8, site)` is below `round(rate * 65536)`; survivors are scaled by `1 / (1 - rate)`.
///
/// @param rate the share of elements to drop, in [0, 1)
/// @param seed the Philox key: run seed and optimizer step, mixed
/// @param site which dropout of the model this is
/// @param rows `[N, 2]` I32, the global sample index and the position of each row
public record DropoutKey(double rate, long seed, int site, Tensor rows) {
    /// The bound that a 16-bit draw must reach to keep its element.
    public int threshold() {
        return (int) Math.round(rate * 65536);
    }

    /// What survivors are multiplied with.
    public float scale() {
        return (float) (1 / (1 - rate));
    }
}
