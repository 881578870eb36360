package org.panamask.tensor;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// Which keys a query may see. A mask is a rule, never a `[T, T]` tensor: [#lower] turns it into [KeyIntervals], at
/// most two intervals of keys for each query row, which every backend understands.
public sealed interface AttentionMask {
    /// Every query sees itself and what is before it.
    record Causal() implements AttentionMask {}

    /// Every query sees every key.
    record Full() implements AttentionMask {}

    /// Rows of a batch with their own number of tokens; keys at or beyond it are hidden.
    ///
    /// @param lengths one a batch row
    record Lengths(List<Integer> lengths) implements AttentionMask {
        /// Keeps its own copy.
        public Lengths {
            lengths = List.copyOf(lengths);
        }
    }

    /// Rows of a batch with a stretch of keys each, as rows padded on the left have; keys outside are hidden from
    /// every query of the row.
    ///
    /// @param spans one a batch row
    record Spans(List<Span> spans) implements AttentionMask {
        /// Keeps its own copy.
        public Spans {
            spans = List.copyOf(spans);
        }
    }

    /// Keys next to each other.
    ///
    /// @param start the first
    /// @param end the one after the last
    record Span(int start, int end) {
        /// Checks the order.
        ///
        /// @throws IllegalArgumentException if `start` is negative or beyond `end`
        public Span {
            if (start < 0 || start > end) {
                throw new IllegalArgumentException(
                        "attention mask: a span must start at 0 or later and not end before it starts, but got ["
                                + start + ", " + end + ")");
            }
        }
    }

    /// Several texts packed into one row: a query sees its own segment only. Segments are runs of equal ids; id 0
    /// is padding, which sees and is seen by nothing.
    ///
    /// @param ids `[B][T]`
    record Segments(List<List<Integer>> ids) implements AttentionMask {
        /// Keeps its own copy.
        public Segments {
            ids = ids.stream().map(List::copyOf).toList();
        }

        /// The mask of `ids`, `[B][T]`.
        public static Segments of(int[][] ids) {
            return new Segments(Arrays.stream(ids)
                    .map(row -> Arrays.stream(row).boxed().toList())
                    .toList());
        }
    }

    /// Between causal and full: a key after the query is visible when its draw is below `ratio`. One draw for each
    /// (query, key) serves every row, head and layer.
    ///
    /// @param ratio the probability to see a key after the query, in [0, 1]
    /// @param key names the draws; see [AnnealingDraw]
    /// @param within what is visible at ratio 1: full, lengths, spans or segments
    /// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py,
    ///     get_anneal_attn_mask</a>
    record Annealed(double ratio, long key, AttentionMask within) implements AttentionMask {
        /// Checks the range and that `within` can be annealed.
        public Annealed {
            if (!(ratio >= 0 && ratio <= 1)) {
                throw new IllegalArgumentException("annealed mask: ratio must be between 0 and 1, not " + ratio);
            }
            switch (within) {
                case Full _, Lengths _, Spans _, Segments _ -> {}
                case Causal _, Annealed _, Given _ ->
                    throw new IllegalArgumentException(
                            "annealed mask: within must be full, lengths, spans or segments, not " + within);
            }
        }
    }

    /// Visibility given bit by bit, for fixtures and tests: bit `(b % B) * T * T + i * T + j`, with `B` = 1 or the
    /// batch.
    ///
    /// @param batch 1 for one matrix that serves every row, or the number of rows
    /// @param tokens T
    /// @param bits the visible pairs
    record Given(int batch, int tokens, BitSet bits) implements AttentionMask {
        /// Keeps its own copy.
        public Given {
            bits = (BitSet) bits.clone();
        }

        /// The visible pairs; a copy.
        @Override
        public BitSet bits() {
            return (BitSet) bits.clone();
        }
    }

    /// The intervals of every query row of a batch.
    ///
    /// @param batch B
    /// @param tokens T, of queries and keys
    /// @return rows `b * T + i` in order
    /// @throws ShapeException if the mask is of another batch or number of tokens
    default KeyIntervals lower(int batch, int tokens) {
        int[] rows = new int[batch * tokens];
        Arrays.setAll(rows, row -> row);
        return lower(batch, tokens, rows);
    }

    /// The intervals of some query rows of a batch.
    ///
    /// @param batch B
    /// @param tokens T, of the keys
    /// @param rows the wanted query rows `b * T + i`, ascending; one may come several times
    /// @return one entry for each of `rows`
    /// @throws ShapeException if the mask is of another batch or number of tokens, or `rows` do not ascend
    default KeyIntervals lower(int batch, int tokens, int[] rows) {
        return MaskLowering.lower(this, batch, tokens, rows);
    }
}
