package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.panamask.backend.cpu.AttentionShape.Block;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Tensor;

/// Softmax attention, a block of query rows at a time: scores by a batched product that adds the mask, softmax, and a
/// batched product with the values.
final class Attention {
    private final CpuJob job;

    Attention(CpuJob job) {
        this.job = job;
    }

    Tensor attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        AttentionShape shape = AttentionShape.of(q, k, mask);
        Tensor y = job.make(q.shape(), job.dtype());
        for (int b = 0; b < mask.batch(); b++) {
            shape.blocks(mask, b, block -> forward(shape, new AttentionInputs(q, k, v, mask), block, y));
        }
        return y;
    }

    private void forward(AttentionShape shape, AttentionInputs inputs, Block block, Tensor y) {
        Rows to = rows(shape, y, block);
        if (block.keys() == 0) {
            to.memory().asSlice(0, to.bytes()).fill((byte) 0);
            return;
        }
        try (Frame frame = job.frame()) {
            MemorySegment q = padded(frame, rows(shape, inputs.q(), block), block);
            MemorySegment probabilities = probabilities(frame, shape, inputs, block, q);
            MemorySegment out = block.isPadded() ? frame.take(block.padded() * to.rowBytes()) : to.memory();
            mix(shape, block, probabilities, keys(shape, inputs.v(), block), out);
            if (block.isPadded()) {
                MemorySegment.copy(out, 0, to.memory(), 0, to.bytes());
            }
        }
    }

    /// `out = probabilities v`, for one head of each group after another.
    private void mix(
            AttentionShape shape, Block block, MemorySegment probabilities, MemorySegment v, MemorySegment out) {
        Plan plan = new Plan.Product(
                shape.scores(job.type(), block),
                shape.keys(job.type(), block.keys()),
                false,
                shape.queries(job.type(), block.padded()),
                Plan.Finish.PLAIN);
        for (int g = 0; g < shape.group(); g++) {
            job.run(plan, score(block, probabilities, g, job.dtype()), v, query(shape, out, g, job.dtype()));
        }
    }

    /// The probabilities of a block, `[H, rows, keys]`, of the job's type.
    MemorySegment probabilities(
            Frame frame, AttentionShape shape, AttentionInputs inputs, Block block, MemorySegment q) {
        MemorySegment scores = frame.take(shape.scores(block) * 4);
        MemorySegment k = keys(shape, inputs.k(), block);
        Optional<MaskTile> mask = MaskTile.of(job, frame, inputs.mask(), block);
        Plan plan = new Plan.Product(
                shape.queries(job.type(), block.padded()),
                shape.keys(job.type(), block.keys()).turned(),
                false,
                shape.scores(DnnlType.F32, block),
                new Plan.Finish(false, shape.scale(), mask.isPresent(), false));
        for (int g = 0; g < shape.group(); g++) {
            MemorySegment from = query(shape, q, g, job.dtype());
            MemorySegment to = score(block, scores, g, DType.F32);
            if (mask.isPresent()) {
                job.run(plan, from, k, to, mask.get().memory());
            } else {
                job.run(plan, from, k, to);
            }
        }
        MemorySegment probabilities = job.dtype() == DType.F32
                ? scores
                : frame.take(shape.scores(block) * job.dtype().bytes());
        job.run(
                new Plan.Softmax(shape.rows(DnnlType.F32, block), shape.rows(job.type(), block)),
                scores,
                probabilities);
        mask.ifPresent(tile -> hide(shape, block, tile, probabilities));
        return probabilities;
    }

    /// A row that sees nothing gives 0.
    private void hide(AttentionShape shape, Block block, MaskTile mask, MemorySegment probabilities) {
        long bytes = block.keys() * job.dtype().bytes();
        for (int row = 0; row < block.rows(); row++) {
            for (int head = 0; mask.hidden()[row] && head < shape.heads(); head++) {
                probabilities
                        .asSlice((head * block.padded() + row) * bytes, bytes)
                        .fill((byte) 0);
            }
        }
    }

    /// The rows of a block in a `[R, H, d]` tensor.
    ///
    /// @param memory from the first row on
    /// @param count their number
    /// @param rowBytes the size of one
    record Rows(MemorySegment memory, long count, long rowBytes) {
        long bytes() {
            return count * rowBytes;
        }
    }

    static Rows rows(AttentionShape shape, Tensor tensor, Block block) {
        long rowBytes = shape.queryWidth() * tensor.dtype().bytes();
        return new Rows(tensor.memory().asSlice(block.from() * rowBytes), block.rows(), rowBytes);
    }

    /// The rows, followed by rows of zeros where the block is padded.
    static MemorySegment padded(Frame frame, Rows rows, Block block) {
        if (!block.isPadded()) {
            return rows.memory();
        }
        MemorySegment copy = frame.take(block.padded() * rows.rowBytes());
        MemorySegment.copy(rows.memory(), 0, copy, 0, rows.bytes());
        copy.asSlice(rows.bytes()).fill((byte) 0);
        return copy;
    }

    /// From the first key of a block on, in a `[B * T, K, d]` tensor.
    static MemorySegment keys(AttentionShape shape, Tensor tensor, Block block) {
        return tensor.memory().asSlice(firstKey(shape, block) * tensor.dtype().bytes());
    }

    /// The element where the keys of a block start.
    static long firstKey(AttentionShape shape, Block block) {
        return ((long) block.batchRow() * shape.tokens() + block.lowKey()) * shape.keyWidth();
    }

    /// Head `g` of each group, in rows of queries.
    static MemorySegment query(AttentionShape shape, MemorySegment rows, int g, DType dtype) {
        return rows.asSlice((long) g * shape.width() * dtype.bytes());
    }

    /// Head `g` of each group, in scores.
    static MemorySegment score(Block block, MemorySegment scores, int g, DType dtype) {
        return scores.asSlice(g * block.padded() * block.keys() * dtype.bytes());
    }
}
