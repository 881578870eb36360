package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;

/// What is added to the scores of a block, one row for all heads: 0 where a key is visible, negative infinity
/// elsewhere.
///
/// @param memory `[S, 1, rows, keys]`, F32
/// @param hidden by row of the tile, whether it sees nothing; such a row holds zeros, so that its softmax is a number
record MaskTile(MemorySegment memory, boolean[] hidden) {
    /// The tile of `block`; none where every row sees every key.
    static Optional<MaskTile> of(CpuJob job, Frame frame, KeyIntervals mask, AttentionShape.Block block) {
        if (isOpen(mask, block)) {
            return Optional.empty();
        }
        int keys = Math.toIntExact(block.keys());
        int rows = Math.toIntExact(block.batch().count() * block.padded());
        MaskTile tile = new MaskTile(frame.take((long) rows * keys * 4), new boolean[rows]);
        job.rows(rows, keys, (arrays, first, last) -> {
            float[] values = arrays.array(0, keys);
            boolean[] visible = arrays.flags(keys);
            for (int row = (int) first; row < last; row++) {
                AttentionShape.Span span = block.span((int) (row / block.padded()));
                int query = (int) (span.from() + row % block.padded());
                if (query >= span.to()) {
                    Arrays.fill(values, 0, keys, 0);
                } else {
                    tile.hidden()[row] = !fill(values, visible, mask, block, query);
                }
                arrays.store(values, tile.memory(), DType.F32, (long) row * keys, keys);
            }
        });
        return Optional.of(tile);
    }

    private static boolean isOpen(KeyIntervals mask, AttentionShape.Block block) {
        boolean open = mask.isPlain();
        for (int row = block.from(); open && row < block.from() + block.rows(); row++) {
            open = covers(mask, block, row, 0) || covers(mask, block, row, 2);
        }
        return open;
    }

    private static boolean covers(KeyIntervals mask, AttentionShape.Block block, int row, int which) {
        return mask.bound(row, which) <= block.lowKey() && mask.bound(row, which + 1) >= block.lowKey() + block.keys();
    }

    private static boolean fill(
            float[] values, boolean[] visible, KeyIntervals mask, AttentionShape.Block block, int row) {
        int keys = (int) block.keys();
        int low = block.lowKey();
        boolean any;
        if (mask.isPlain()) {
            any = open(values, mask, block, block.from() + row);
        } else {
            any = mask.visible(visible, block.from() + row, new AnnealingDraw.Span(low, low + keys));
            for (int key = 0; key < keys; key++) {
                values[key] = visible[key] ? 0 : Float.NEGATIVE_INFINITY;
            }
        }
        if (!any) {
            Arrays.fill(values, 0, keys, 0);
        }
        return any;
    }

    private static boolean open(float[] values, KeyIntervals mask, AttentionShape.Block block, int row) {
        int keys = (int) block.keys();
        boolean any = false;
        Arrays.fill(values, 0, keys, Float.NEGATIVE_INFINITY);
        for (int which = 0; which < 4; which += 2) {
            int start = Math.max(0, mask.bound(row, which) - block.lowKey());
            int end = Math.min(keys, mask.bound(row, which + 1) - block.lowKey());
            if (start < end) {
                Arrays.fill(values, start, end, 0);
                any = true;
            }
        }
        return any;
    }
}
