package org.panamask.backend.cpu;

import java.util.function.Consumer;
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
record AttentionShape(int heads, int keyHeads, int width, int tokens) {
    /// Scores of a block, in bytes, that still stay in a cache near the cores.
    private static final long BLOCK_BYTES = 4 << 20;

    /// Blocks see a whole number of these keys, so that few different numbers occur.
    private static final int KEY_STEP = 64;

    static AttentionShape of(Tensor q, Tensor k, KeyIntervals mask) {
        return new AttentionShape(
                Math.toIntExact(q.shape().extent(1)),
                Math.toIntExact(k.shape().extent(1)),
                Math.toIntExact(q.shape().last()),
                mask.keys());
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

    /// `[K, rows, d]`: one head of each group.
    Layout queries(DnnlType type, long rows) {
        return Layout.heads(type, keyHeads, rows, width, (long) group() * width, queryWidth());
    }

    /// `[K, keys, d]`.
    Layout keys(DnnlType type, long keys) {
        return Layout.heads(type, keyHeads, keys, width, width, keyWidth());
    }

    /// `[K, rows, keys]` of `[H, rows, keys]`: one head of each group.
    Layout scores(DnnlType type, Block block) {
        return Layout.matrices(type, keyHeads, block.padded(), block.keys())
                .apart(group() * block.padded() * block.keys());
    }

    /// `[H * rows, keys]`.
    Layout rows(DnnlType type, Block block) {
        return Layout.matrix(type, heads * block.padded(), block.keys());
    }

    /// Elements of all scores of a block.
    long scores(Block block) {
        return heads * block.padded() * block.keys();
    }

    /// Query rows of one batch row that are scored at once.
    ///
    /// @param batchRow the batch row
    /// @param from the first query row
    /// @param rows their number
    /// @param padded the rows of the products: `rows`, or 16 where there are fewer
    /// @param lowKey the first key that is scored
    /// @param keys the keys that are scored; 0 where no row sees any
    record Block(int batchRow, int from, int rows, long padded, int lowKey, long keys) {
        /// Whether rows must be copied to have room for more.
        boolean isPadded() {
            return padded != rows;
        }
    }

    /// Hands out the blocks of batch row `batchRow` in order.
    void blocks(KeyIntervals mask, int batchRow, Consumer<Block> consumer) {
        long fitting = BLOCK_BYTES / (4L * heads * Math.max(1, tokens));
        long most = Math.max(RowSteps.LEAST, RowSteps.product(fitting));
        int end = mask.firstRow(batchRow + 1);
        for (int from = mask.firstRow(batchRow); from < end; ) {
            long compiled = RowSteps.product(Math.min(most, end - from));
            int rows = compiled == 0 ? end - from : (int) compiled;
            int high = Math.min(tokens, (mask.highestKey(from, from + rows) + KEY_STEP - 1) / KEY_STEP * KEY_STEP);
            int low = Math.min(high, mask.lowestKey(from, from + rows) / KEY_STEP * KEY_STEP);
            consumer.accept(new Block(batchRow, from, rows, Math.max(rows, RowSteps.LEAST), low, high - low));
            from += rows;
        }
    }
}
