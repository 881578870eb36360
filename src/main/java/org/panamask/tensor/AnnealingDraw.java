package org.panamask.tensor;

/// The draw that opens a key after the query: Philox4x32 with 7 rounds on counter `(i, (j >> 5) * 4 + ((j >> 1) & 3))`;
/// of the eight 16-bit fields element `(i, j)` takes field `((j >> 3) & 3) * 2 + (j & 1)`. This gives each lane of an
/// m16n8 tensor-core fragment the eight columns that it owns of 32, so every device draws the same bits.
public final class AnnealingDraw {
    /// A draw is always below this threshold.
    public static final int FULL = 65536;

    private AnnealingDraw() {}

    /// The threshold of `ratio`: draws below it open the key.
    public static int threshold(double ratio) {
        return (int) Math.round(ratio * FULL);
    }

    /// Opens keys of query `i`: sets `open[j - from]` for each key `j` of `[from, to)` whose draw is below
    /// `threshold`, and clears the others.
    ///
    /// @param open receives the result; at least `to - from` long
    /// @param key names the draws
    /// @param threshold of [#threshold]
    /// @param i the query's index in its row
    /// @param span `from` and `to`, the keys asked for
    public static void open(boolean[] open, long key, int threshold, int i, Span span) {
        int[] words = new int[4];
        for (int block = span.from() >> 5; block <= (span.to() - 1) >> 5; block++) {
            for (int pair = 0; pair < 4; pair++) {
                Philox.rounds(7, words, key, (i & 0xFFFFFFFFL) | (long) (block * 4 + pair) << 32, 0);
                for (int field = 0; field < 8; field++) {
                    int j = block * 32 + (field >> 1) * 8 + pair * 2 + (field & 1);
                    if (j >= span.from() && j < span.to()) {
                        int draw = words[field >> 1] >>> ((field & 1) * 16) & 0xFFFF;
                        open[j - span.from()] = draw < threshold;
                    }
                }
            }
        }
    }

    /// Keys `from` up to but not including `to`.
    ///
    /// @param from the first key
    /// @param to the key after the last
    public record Span(int from, int to) {}
}
