package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.panamask.backend.cpu.AttentionShape.BatchRows;
import org.panamask.backend.cpu.AttentionShape.Block;
import org.panamask.backend.cpu.AttentionShape.Span;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Tensor;

/// Softmax attention, a block of query rows at a time: scores by a batched product that adds the mask, softmax, and a
/// batched product with the values.
///
/// @param job what it computes with
/// @param shape heads and widths
/// @param mask what each query row sees
record Attention(CpuJob job, AttentionShape shape, KeyIntervals mask) {
    static Tensor attention(CpuJob job, AttentionInputs inputs) {
        AttentionShape shape =
                AttentionShape.of(inputs.q(), inputs.k(), inputs.mask()).roomy();
        Attention attention = new Attention(job, shape, inputs.mask());
        Tensor y = job.make(inputs.q().shape(), job.dtype());
        shape.batches(inputs.mask(), batch -> attention.batchRows(inputs, batch, y));
        return y;
    }

    private void batchRows(AttentionInputs inputs, BatchRows batch, Tensor y) {
        try (Frame frame = job.frame()) {
            MemorySegment k = roomyKeys(frame, inputs.k(), batch);
            MemorySegment v = roomyKeys(frame, inputs.v(), batch);
            shape.blocks(mask, batch, block -> forward(inputs, new Keys(k, v), block, y));
        }
    }

    /// The keys or values of some batch rows, each followed by zeros where it does not fill its room.
    private MemorySegment roomyKeys(Frame frame, Tensor tensor, BatchRows batch) {
        long rowBytes = shape.keyWidth() * tensor.dtype().bytes();
        long bytes = shape.tokens() * rowBytes;
        long roomBytes = shape.room() * rowBytes;
        if (roomBytes == bytes) {
            return tensor.memory().asSlice(batch.first() * bytes, batch.count() * bytes);
        }
        MemorySegment copy = frame.take(batch.count() * roomBytes);
        for (int b = 0; b < batch.count(); b++) {
            MemorySegment.copy(tensor.memory(), (batch.first() + b) * bytes, copy, b * roomBytes, bytes);
            copy.asSlice(b * roomBytes + bytes, roomBytes - bytes).fill((byte) 0);
        }
        return copy;
    }

    /// Keys and values of some batch rows.
    private record Keys(MemorySegment k, MemorySegment v) {}

    private void forward(AttentionInputs inputs, Keys keys, Block block, Tensor y) {
        Rows to = rows(shape, y, block);
        if (block.keys() == 0) {
            to.memory().asSlice(0, to.bytes()).fill((byte) 0);
            return;
        }
        long before = block.lowKey() * shape.keyWidth() * job.dtype().bytes();
        try (Frame frame = job.frame()) {
            MemorySegment q = padded(frame, rows(shape, inputs.q(), block), block);
            MemorySegment probabilities =
                    probabilities(frame, block, q, keys.k().asSlice(before));
            inputs.dropout()
                    .ifPresent(key -> new AttentionDropout(job, shape, key).drop(block, probabilities, probabilities));
            MemorySegment out =
                    block.isPadded() ? frame.take(block.batch().count() * block.padded() * to.rowBytes()) : to.memory();
            mix(block, probabilities, keys.v().asSlice(before), out);
            if (block.isPadded()) {
                unpad(out, to, block);
            }
        }
    }

    /// `out = probabilities v`, for one head of each group after another.
    private void mix(Block block, MemorySegment probabilities, MemorySegment v, MemorySegment out) {
        Plan plan = new Plan.Product(
                shape.scores(job.type(), block),
                shape.keys(job.type(), block),
                false,
                shape.queries(job.type(), block),
                Plan.Finish.PLAIN);
        for (int g = 0; g < shape.group(); g++) {
            job.run(plan, score(shape, block, probabilities, g, job.dtype()), v, query(shape, out, g, job.dtype()));
        }
    }

    /// The probabilities of a block, `[G, S, K, rows, keys]`, of the job's type.
    MemorySegment probabilities(Frame frame, Block block, MemorySegment q, MemorySegment k) {
        MemorySegment scores = frame.take(shape.allScores(block) * 4);
        Optional<MaskTile> tile = MaskTile.of(job, frame, mask, block);
        Plan plan = new Plan.Product(
                shape.queries(job.type(), block),
                shape.keys(job.type(), block).turned(),
                false,
                shape.scores(DnnlType.F32, block),
                new Plan.Finish(false, shape.scale(), tile.isPresent(), false));
        for (int g = 0; g < shape.group(); g++) {
            MemorySegment from = query(shape, q, g, job.dtype());
            MemorySegment to = score(shape, block, scores, g, DType.F32);
            if (tile.isPresent()) {
                job.run(plan, from, k, to, tile.get().memory());
            } else {
                job.run(plan, from, k, to);
            }
        }
        MemorySegment probabilities = job.dtype() == DType.F32
                ? scores
                : frame.take(shape.allScores(block) * job.dtype().bytes());
        job.run(
                new Plan.Softmax(shape.rows(DnnlType.F32, block), shape.rows(job.type(), block)),
                scores,
                probabilities);
        tile.ifPresent(hiding -> hide(block, hiding, probabilities));
        return probabilities;
    }

    /// A row that sees nothing gives 0.
    private void hide(Block block, MaskTile tile, MemorySegment probabilities) {
        long bytes = block.keys() * job.dtype().bytes();
        for (int row = 0; row < tile.hidden().length; row++) {
            long s = row / block.padded();
            for (int h = 0; tile.hidden()[row] && h < shape.heads(); h++) {
                long group = h % shape.group();
                long head = (group * block.batch().count() + s) * shape.keyHeads() + h / shape.group();
                probabilities
                        .asSlice((head * block.padded() + row % block.padded()) * bytes, bytes)
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

    /// The rows, those of each batch row followed by rows of zeros where the block is padded.
    static MemorySegment padded(Frame frame, Rows rows, Block block) {
        if (!block.isPadded()) {
            return rows.memory();
        }
        long room = block.padded() * rows.rowBytes();
        MemorySegment copy = frame.take(block.batch().count() * room);
        for (int s = 0; s < block.batch().count(); s++) {
            Span span = block.span(s);
            long bytes = span.count() * rows.rowBytes();
            MemorySegment.copy(rows.memory(), span.from() * rows.rowBytes(), copy, s * room, bytes);
            copy.asSlice(s * room + bytes, room - bytes).fill((byte) 0);
        }
        return copy;
    }

    private static void unpad(MemorySegment padded, Rows rows, Block block) {
        for (int s = 0; s < block.batch().count(); s++) {
            Span span = block.span(s);
            MemorySegment.copy(
                    padded,
                    s * block.padded() * rows.rowBytes(),
                    rows.memory(),
                    span.from() * rows.rowBytes(),
                    span.count() * rows.rowBytes());
        }
    }

    /// From the first key of a block on, in a `[B * T, K, d]` tensor.
    static MemorySegment keys(AttentionShape shape, Tensor tensor, Block block) {
        return tensor.memory().asSlice(firstKey(shape, block) * tensor.dtype().bytes());
    }

    /// The element where the keys of a block start.
    static long firstKey(AttentionShape shape, Block block) {
        return ((long) block.batch().first() * shape.tokens() + block.lowKey()) * shape.keyWidth();
    }

    /// Head `g` of each group, in rows of queries.
    static MemorySegment query(AttentionShape shape, MemorySegment rows, int g, DType dtype) {
        return rows.asSlice((long) g * shape.width() * dtype.bytes());
    }

    /// Head `g` of each group, in scores.
    static MemorySegment score(AttentionShape shape, Block block, MemorySegment scores, int g, DType dtype) {
        return scores.asSlice(g * (shape.allScores(block) / shape.group()) * dtype.bytes());
    }
}
