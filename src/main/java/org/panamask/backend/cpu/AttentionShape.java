package org.panamask.backend.cpu;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Tensor;

/// Heads and widths of an attention, how its operands lie, and how its query rows are cut into blocks. Query head `h`
/// uses key head `h / group`; products run over all key heads at once, for one head of each group after another.
///
/// @param heads H
/// @param keyHeads K
/// @param width d
/// @param tokens T
/// @param room the keys of a batch row that may be scored: T, or more where zeros follow them
record AttentionShape(int heads, int keyHeads, int width, int tokens, int room) {
    /// Scores of a block, in bytes, that still stay in a cache near the cores.
    private static final long BLOCK_BYTES = 4 << 20;

    /// Query rows of a block, where there are as many, whatever its scores take: the keys are read once for each
    /// block.
    private static final int BLOCK_ROWS = 64;

    /// Blocks see a whole number of these keys where there is room, so that few different numbers occur, and
    /// because the last, incomplete vector of a row of scores is summed in another order.
    private static final int KEY_STEP = 64;

    static AttentionShape of(Tensor q, Tensor k, KeyIntervals mask) {
        return new AttentionShape(
                Math.toIntExact(q.shape().extent(1)),
                Math.toIntExact(k.shape().extent(1)),
                Math.toIntExact(q.shape().last()),
                mask.keys(),
                mask.keys());
    }

    /// The same with room for whole steps of keys: the bits of a row then do not depend on T.
    AttentionShape roomy() {
        return new AttentionShape(heads, keyHeads, width, tokens, wholeSteps(tokens));
    }

    private static int wholeSteps(int keys) {
        return (keys + KEY_STEP - 1) / KEY_STEP * KEY_STEP;
    }

    /// Query heads to a key head.
    int group() {
        return heads / keyHeads;
    }

    /// What scores are multiplied with.
    float scale() {
        return (float) (1 / Math.sqrt(width));
    }

    /// Elements of a row of queries.
    long queryWidth() {
        return (long) heads * width;
    }

    /// Elements of a row of keys.
    long keyWidth() {
        return (long) keyHeads * width;
    }

    /// `[S, K, rows, d]`: one head of each group.
    Layout queries(DnnlType type, Block block) {
        return Layout.heads(type, keyHeads, block.padded(), width, (long) group() * width, queryWidth())
                .repeated(block.batch().count(), block.padded() * queryWidth());
    }

    /// `[S, K, keys, d]`.
    Layout keys(DnnlType type, Block block) {
        return Layout.heads(type, keyHeads, block.keys(), width, width, keyWidth())
                .repeated(block.batch().count(), room * keyWidth());
    }

    /// `[S, K, rows, keys]`: the scores of one head of each group, dense, because the mask is added wrongly to
    /// others.
    Layout scores(DnnlType type, Block block) {
        return Layout.matrices(type, keyHeads, block.padded(), block.keys())
                .repeated(block.batch().count(), keyHeads * block.padded() * block.keys());
    }

    /// `[G * S * K * rows, keys]`, every group after another.
    Layout rows(DnnlType type, Block block) {
        return Layout.matrix(type, (long) block.batch().count() * heads * block.padded(), block.keys());
    }

    /// Elements of the scores of a block.
    long allScores(Block block) {
        return (long) block.batch().count() * heads * block.padded() * block.keys();
    }

    /// S batch rows.
    ///
    /// @param first the first of them
    /// @param count their number
    record BatchRows(int first, int count) {}

    /// Query rows that are scored at once: some of one batch row, or all of several.
    ///
    /// @param batch their batch rows
    /// @param starts the first query row of each batch row, and the one after the last
    /// @param padded the rows of the products for each batch row, at least its query rows
    /// @param lowKey the first key that is scored
    /// @param keys the keys that are scored; 0 where no row sees any
    record Block(BatchRows batch, List<Integer> starts, long padded, int lowKey, long keys) {
        /// Whether rows must be copied to have room for more.
        boolean isPadded() {
            return padded * batch.count() != rows();
        }

        /// The first query row.
        int from() {
            return starts.getFirst();
        }

        /// The query rows of all its batch rows.
        int rows() {
            return starts.getLast() - starts.getFirst();
        }

        /// The query rows of batch row `s` of the block, counted from the first query row of the block.
        Span span(int s) {
            return new Span(starts.get(s) - from(), starts.get(s + 1) - from());
        }
    }

    /// Rows from `from` up to but not including `to`.
    record Span(int from, int to) {
        int count() {
            return to - from;
        }
    }

    /// Hands out all batch rows in order, several short ones together: one product for many costs less than many
    /// products.
    void batches(KeyIntervals mask, Consumer<BatchRows> consumer) {
        int first = 0;
        int most = 0;
        for (int b = 0; b < mask.batch(); b++) {
            most = Math.max(most, queries(mask, b));
            // T rows may be fewer than the whole steps that hold them; they are never more.
            if (b > first && 4L * (b + 1 - first) * heads * RowSteps.above(most) * room > BLOCK_BYTES) {
                consumer.accept(new BatchRows(first, b - first));
                first = b;
                most = queries(mask, b);
            }
        }
        if (first < mask.batch()) {
            consumer.accept(new BatchRows(first, mask.batch() - first));
        }
    }

    private static int queries(KeyIntervals mask, int batchRow) {
        return mask.firstRow(batchRow + 1) - mask.firstRow(batchRow);
    }

    /// The rows of the products for each of `batch`: T where all have a query for each token, or else whole steps.
    private long padded(KeyIntervals mask, BatchRows batch) {
        int most = 0;
        int least = tokens;
        for (int b = batch.first(); b < batch.first() + batch.count(); b++) {
            most = Math.max(most, queries(mask, b));
            least = Math.min(least, queries(mask, b));
        }
        return least == tokens && tokens >= RowSteps.LEAST ? tokens : RowSteps.above(most);
    }

    /// Hands out the blocks of `batch` in order.
    void blocks(KeyIntervals mask, BatchRows batch, Consumer<Block> consumer) {
        int from = mask.firstRow(batch.first());
        int end = mask.firstRow(batch.first() + batch.count());
        if (batch.count() == 1) {
            cut(mask, batch, new Span(from, end), consumer);
        } else if (from < end) {
            List<Integer> starts = IntStream.rangeClosed(batch.first(), batch.first() + batch.count())
                    .mapToObj(mask::firstRow)
                    .toList();
            consumer.accept(new Block(batch, starts, padded(mask, batch), 0, room));
        }
    }

    private void cut(KeyIntervals mask, BatchRows batch, Span queries, Consumer<Block> consumer) {
        long fitting = BLOCK_BYTES / (4L * heads * Math.max(1, tokens));
        long most = Math.max(BLOCK_ROWS, RowSteps.product(fitting));
        for (int from = queries.from(); from < queries.to(); ) {
            long compiled = RowSteps.product(Math.min(most, queries.to() - from));
            int to = compiled == 0 ? queries.to() : from + (int) compiled;
            int high = Math.min(room, wholeSteps(mask.highestKey(from, to)));
            int low = Math.min(high, mask.lowestKey(from, to) / KEY_STEP * KEY_STEP);
            consumer.accept(new Block(batch, List.of(from, to), Math.max(to - from, RowSteps.LEAST), low, high - low));
            from = to;
        }
    }
}
