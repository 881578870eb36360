package org.panamask.diffusion;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.panamask.tensor.AttentionMask;

/// Clean rows of tokens on their way into an objective. A row holds one text, or several packed behind each other as
/// segments: each has its own time, weight and noise, counts its positions from 0 and sees itself only. Arrays are not
/// copied and must not change.
public final class TokenRows {
    private final int batch;
    private final int tokens;
    private final int[] ids;
    private final boolean[] maskable;
    private final Placing placing;

    /// A text within packed rows.
    ///
    /// @param first its first column, counted through all rows: `b * T + i`
    /// @param length its columns, at least 1
    /// @param sample its global sample index, which names its noise
    public record Segment(int first, int length, long sample) {}

    private static final class Placing {
        private final long[] samples;
        private final int[] segments;
        private final int[] positions;
        private final AttentionMask visible;
        private final OptionalInt filling;

        Placing(long[] samples, int[] segments, int[] positions, AttentionMask visible, OptionalInt filling) {
            this.samples = samples;
            this.segments = segments;
            this.positions = positions;
            this.visible = visible;
            this.filling = filling;
        }

        Placing withSamples(long[] others) {
            return new Placing(others, segments, positions, visible, filling);
        }

        Placing withVisible(AttentionMask other) {
            return new Placing(samples, segments, positions, other, filling);
        }

        Placing withFilling(int id) {
            return new Placing(samples, segments, positions, visible, OptionalInt.of(id));
        }
    }

    private TokenRows(int batch, int tokens, int[] ids, boolean[] maskable, Placing placing) {
        this.batch = batch;
        this.tokens = tokens;
        this.ids = ids;
        this.maskable = maskable;
        this.placing = placing;
    }

    /// Rows of one segment each, whose every column is visible, with the samples 0, 1 and so on.
    ///
    /// @param batch B
    /// @param tokens T
    /// @param ids `B * T`, row after row
    /// @param maskable which of them noise may hide: the answer, not the prompt
    /// @throws IllegalArgumentException if a number of elements differs from `B * T`
    public static TokenRows of(int batch, int tokens, int[] ids, boolean[] maskable) {
        if (ids.length != (long) batch * tokens || maskable.length != ids.length) {
            throw new IllegalArgumentException("token rows: ids and maskable must be " + batch + " x " + tokens
                    + ", but got " + ids.length + " and " + maskable.length);
        }
        long[] samples = new long[batch];
        Arrays.setAll(samples, b -> b);
        int[] segments = new int[ids.length];
        Arrays.setAll(segments, n -> n / tokens);
        int[] positions = new int[ids.length];
        Arrays.setAll(positions, n -> n % tokens);
        return new TokenRows(
                batch,
                tokens,
                ids,
                maskable,
                new Placing(samples, segments, positions, new AttentionMask.Full(), OptionalInt.empty()));
    }

    /// The same with the global sample index of each segment, which names its noise.
    ///
    /// @throws IllegalArgumentException if there is not one for each segment
    public TokenRows withSamples(long... samples) {
        if (samples.length != placing.samples.length) {
            throw new IllegalArgumentException(
                    "token rows: samples of " + placing.samples.length + " rows are needed, but got " + samples.length);
        }
        return new TokenRows(batch, tokens, ids, maskable, placing.withSamples(samples));
    }

    /// The same with another view at ratio 1, such as lengths.
    public TokenRows withVisible(AttentionMask visible) {
        return new TokenRows(batch, tokens, ids, maskable, placing.withVisible(visible));
    }

    /// The same where the run of `id` that ends a row, but for its first, is filling that belongs to the answer:
    /// noise may hide it, and there may be more or less of it.
    public TokenRows withFilling(int id) {
        return new TokenRows(batch, tokens, ids, maskable, placing.withFilling(id));
    }

    /// The same rows read as packed segments that do not see each other. Columns outside of them are padding.
    ///
    /// @throws IllegalArgumentException if segments do not ascend, leave their row, or a maskable column is in none
    public TokenRows withSegments(List<Segment> packed) {
        int[] segments = new int[ids.length];
        Arrays.fill(segments, -1);
        int[] positions = new int[ids.length];
        int[][] visible = new int[batch][tokens];
        long[] samples = packed.stream().mapToLong(Segment::sample).toArray();
        int end = 0;
        for (int s = 0; s < samples.length; s++) {
            Segment segment = packed.get(s);
            int next = segment.first + segment.length;
            if (segment.first < end
                    || segment.length < 1
                    || next > ids.length
                    || segment.first / tokens != (next - 1) / tokens) {
                throw new IllegalArgumentException("token rows: segments must ascend, each within one row of " + tokens
                        + " columns, but got " + segment);
            }
            for (int n = segment.first; n < next; n++) {
                segments[n] = s;
                positions[n] = n - segment.first;
                visible[n / tokens][n % tokens] = 1 + s;
            }
            end = next;
        }
        for (int n = 0; n < ids.length; n++) {
            if (maskable[n] && segments[n] < 0) {
                throw new IllegalArgumentException(
                        "token rows: a maskable column must be in a segment, but column " + n + " is in none");
            }
        }
        return new TokenRows(
                batch,
                tokens,
                ids,
                maskable,
                new Placing(samples, segments, positions, AttentionMask.Segments.of(visible), OptionalInt.empty()));
    }

    /// B, the number of rows.
    public int batch() {
        return batch;
    }

    /// T, the number of columns.
    public int tokens() {
        return tokens;
    }

    /// The ids, row after row.
    public int[] ids() {
        return ids;
    }

    /// Which columns noise may hide, row after row.
    public boolean[] maskable() {
        return maskable;
    }

    /// The global sample index of each segment; of each row where rows are not packed.
    public long[] samples() {
        return placing.samples;
    }

    /// The segment that each column is in, row after row; -1 for padding between packed segments.
    public int[] segments() {
        return placing.segments;
    }

    /// The position of each column in its segment, row after row; 0 for padding between packed segments.
    public int[] positions() {
        return placing.positions;
    }

    /// Who sees whom once attention is fully open.
    public AttentionMask visible() {
        return placing.visible;
    }

    /// The id of filling that belongs to the answers; empty where rows have none.
    public OptionalInt filling() {
        return placing.filling;
    }

    /// How many columns noise may hide.
    public int maskableCount() {
        int count = 0;
        for (boolean one : maskable) {
            count += one ? 1 : 0;
        }
        return count;
    }

    /// How many columns of each segment noise may hide; of each row where rows are not packed.
    public int[] maskableCounts() {
        int[] counts = new int[placing.samples.length];
        for (int n = 0; n < ids.length; n++) {
            if (maskable[n]) {
                counts[placing.segments[n]]++;
            }
        }
        return counts;
    }
}
