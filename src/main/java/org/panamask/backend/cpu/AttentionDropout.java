package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cpu.AttentionShape.Block;
import org.panamask.backend.cpu.AttentionShape.Span;
import org.panamask.tensor.DropoutKey;

/// Dropout of the probabilities of a block, while they are at hand.
///
/// @param job what it computes with
/// @param shape heads and widths
/// @param key names the draws
record AttentionDropout(CpuJob job, AttentionShape shape, DropoutKey key) {
    /// `to = dropout(from)`, both `[G, S, K, rows, keys]` of the job's type, and perhaps the same memory.
    void drop(Block block, MemorySegment from, MemorySegment to) {
        int keys = Math.toIntExact(block.keys());
        DropoutDraws draws = DropoutDraws.of(key, keys);
        job.rows(shape.allScores(block) / keys, keys, (tile, first, last) -> {
            for (long row = first; row < last; row += draws.group()) {
                long start = row;
                int rows = (int) Math.min(draws.group(), last - row);
                int[] drops = draws.fields(tile, rows, r -> counter(block, draws, start + r));
                for (int r = 0; r < rows; r++) {
                    long at = (row + r) * keys;
                    float[] values = tile.load(0, from, job.dtype(), at, keys);
                    tile.store(draws.row(drops, r).keep(tile, values), to, job.dtype(), at, keys);
                }
            }
        });
    }

    private DropoutDraws.Counter counter(Block block, DropoutDraws draws, long row) {
        long keyHead = row / block.padded() % shape.keyHeads();
        long matrix = row / block.padded() / shape.keyHeads();
        Span span = block.span((int) (matrix % block.batch().count()));
        long query = row % block.padded();
        if (query >= span.count()) {
            return DropoutDraws.Counter.NONE;
        }
        int head = (int) (keyHead * shape.group() + matrix / block.batch().count());
        return draws.counter(block.from() + span.from() + query, block.lowKey(), key.attentionSite(head));
    }
}
