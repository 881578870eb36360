package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cpu.Attention.Rows;
import org.panamask.backend.cpu.AttentionShape.BatchRows;
import org.panamask.backend.cpu.AttentionShape.Block;
import org.panamask.backend.cpu.AttentionShape.Span;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// The way back of attention. Probabilities `P` are computed again a block of query rows at a time, and `D`, what
/// dropout leaves of them; with `dP = dy v^T` and `dS = (D * dP - P * sum over keys of D * dP) / sqrt(d)`: `dq = dS k`,
/// `dk = dS^T q`, `dv = D^T dy`, the last two summed over blocks in F32.
///
/// @param job what it computes with
/// @param shape heads and widths
/// @param inputs what the forward pass read
/// @param dy the gradient of its result
record AttentionGradient(CpuJob job, AttentionShape shape, AttentionInputs inputs, Tensor dy) {
    void run(Into dq, Into dk, Into dv) {
        if (job.dtype() == DType.F32) {
            // One tensor may be queries, keys and values at once; then no block may replace what another added.
            Into queries = isShared(dq, dk) || isShared(dq, dv) ? cleared(dq) : dq;
            KeySums sums = new KeySums(
                    cleared(dk).tensor().memory(), cleared(dv).tensor().memory(), 0);
            shape.batches(
                    inputs.mask(),
                    batch -> shape.blocks(inputs.mask(), batch, block -> backward(block, queries, sums)));
        } else {
            shape.batches(inputs.mask(), batch -> batchRows(batch, dq, dk, dv));
        }
    }

    private static boolean isShared(Into one, Into other) {
        return one.tensor().memory().address() == other.tensor().memory().address();
    }

    /// The same tensor, to be added to.
    private Into cleared(Into into) {
        if (!into.add()) {
            new Pointwise(job).clear(into.tensor());
        }
        return new Into(into.tensor(), true);
    }

    /// Sums of some batch rows in scratch memory, rounded once at the end.
    private void batchRows(BatchRows batch, Into dq, Into dk, Into dv) {
        long first = (long) batch.first() * shape.tokens() * shape.keyWidth();
        long elements = (long) batch.count() * shape.tokens() * shape.keyWidth();
        try (Frame frame = job.frame()) {
            KeySums sums = new KeySums(
                    frame.take(elements * 4).fill((byte) 0),
                    frame.take(elements * 4).fill((byte) 0),
                    first);
            shape.blocks(inputs.mask(), batch, block -> backward(block, dq, sums));
            finish(sums.dk(), dk, first, elements);
            finish(sums.dv(), dv, first, elements);
        }
    }

    private void finish(MemorySegment sums, Into into, long first, long elements) {
        int width = Math.toIntExact(shape.keyWidth());
        job.rows(elements / width, width, (tile, from, to) -> {
            for (long row = from; row < to; row++) {
                float[] values = tile.load(0, sums, DType.F32, row * width, width);
                store(tile, values, into, first + row * width, width);
            }
        });
    }

    private static void store(Tile tile, float[] values, Into into, long at, int width) {
        if (into.add()) {
            float[] before = tile.load(1, into.tensor(), at, width);
            for (int i = 0; i < width; i++) {
                values[i] += before[i];
            }
        }
        tile.store(values, into.tensor(), at, width);
    }

    /// Gradients of keys and values, F32, from element `first` of the tensors on.
    private record KeySums(MemorySegment dk, MemorySegment dv, long first) {}

    private void backward(Block block, Into dq, KeySums sums) {
        Rows to = Attention.rows(shape, dq.tensor(), block);
        if (block.keys() == 0) {
            if (!dq.add()) {
                to.memory().asSlice(0, to.bytes()).fill((byte) 0);
            }
            return;
        }
        try (Frame frame = job.frame()) {
            MemorySegment q = Attention.padded(frame, Attention.rows(shape, inputs.q(), block), block);
            MemorySegment d = Attention.padded(frame, Attention.rows(shape, dy, block), block);
            MemorySegment k = Attention.keys(shape, inputs.k(), block);
            MemorySegment p = new Attention(job, shape, inputs.mask()).probabilities(frame, block, q, k);
            MemorySegment left = left(frame, block, p);
            addKeys(block, left, d, sums, sums.dv());
            MemorySegment ds = scoreGradient(frame, block, new Probabilities(p, left), d);
            addKeys(block, ds, q, sums, sums.dk());
            if (block.isPadded()) {
                MemorySegment some = frame.take(block.batch().count() * block.padded() * to.rowBytes());
                queries(block, ds, some, false);
                copyRows(some, dq, block);
            } else {
                queries(block, ds, to.memory(), dq.add());
            }
        }
    }

    /// Probabilities of a block.
    ///
    /// @param all as softmax gave them
    /// @param left what dropout leaves of them; the same memory where nothing is dropped
    private record Probabilities(MemorySegment all, MemorySegment left) {
        boolean isDropped() {
            return all.address() != left.address();
        }
    }

    private MemorySegment left(Frame frame, Block block, MemorySegment p) {
        return inputs.dropout()
                .map(key -> {
                    MemorySegment left =
                            frame.take(shape.allScores(block) * job.dtype().bytes());
                    new AttentionDropout(job, shape, key).drop(block, p, left);
                    return left;
                })
                .orElse(p);
    }

    private void copyRows(MemorySegment some, Into dq, Block block) {
        int width = Math.toIntExact(shape.queryWidth());
        for (int s = 0; s < block.batch().count(); s++) {
            Span span = block.span(s);
            long first = s * block.padded();
            job.rows(span.count(), width, (tile, from, to) -> {
                for (long row = from; row < to; row++) {
                    float[] values = tile.load(0, some, job.dtype(), (first + row) * width, width);
                    store(tile, values, dq, (block.from() + span.from() + row) * width, width);
                }
            });
        }
    }

    /// `sum += scores^T rows` for every key of the block.
    private void addKeys(Block block, MemorySegment scores, MemorySegment rows, KeySums sums, MemorySegment sum) {
        Plan plan = new Plan.Product(
                shape.scores(job.type(), block).turned(),
                shape.queries(job.type(), block),
                false,
                shape.keys(DnnlType.F32, block),
                Plan.Finish.of(1, true));
        MemorySegment to = sum.asSlice((Attention.firstKey(shape, block) - sums.first()) * 4);
        for (int g = 0; g < shape.group(); g++) {
            job.run(
                    plan,
                    Attention.score(shape, block, scores, g, job.dtype()),
                    Attention.query(shape, rows, g, job.dtype()),
                    to);
        }
    }

    /// `dS`, `[G, S, K, rows, keys]` of the job's type.
    private MemorySegment scoreGradient(Frame frame, Block block, Probabilities p, MemorySegment d) {
        MemorySegment dp = frame.take(shape.allScores(block) * 4);
        Plan plan = new Plan.Product(
                shape.queries(job.type(), block),
                shape.keys(job.type(), block).turned(),
                false,
                shape.scores(DnnlType.F32, block),
                Plan.Finish.PLAIN);
        MemorySegment v = Attention.keys(shape, inputs.v(), block);
        for (int g = 0; g < shape.group(); g++) {
            job.run(
                    plan,
                    Attention.query(shape, d, g, job.dtype()),
                    v,
                    Attention.score(shape, block, dp, g, DType.F32));
        }
        MemorySegment ds = job.dtype() == DType.F32
                ? dp
                : frame.take(shape.allScores(block) * job.dtype().bytes());
        int keys = Math.toIntExact(block.keys());
        float scale = shape.scale();
        job.rows(shape.allScores(block) / keys, keys, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                float[] probability = tile.load(0, p.all(), job.dtype(), row * keys, keys);
                float[] gradient = tile.load(1, dp, DType.F32, row * keys, keys);
                if (p.isDropped()) {
                    float[] left = tile.load(2, p.left(), job.dtype(), row * keys, keys);
                    droppedBackward(probability, left, gradient, scale, keys);
                } else {
                    softmaxBackward(probability, gradient, scale, keys);
                }
                tile.store(gradient, ds, job.dtype(), row * keys, keys);
            }
        });
        return ds;
    }

    private static void softmaxBackward(float[] probability, float[] gradient, float scale, int keys) {
        float mean = Sums.dot(probability, gradient, keys);
        for (int i = 0; i < keys; i++) {
            gradient[i] = probability[i] * (gradient[i] - mean) * scale;
        }
    }

    private static void droppedBackward(float[] probability, float[] left, float[] gradient, float scale, int keys) {
        float mean = Sums.dot(left, gradient, keys);
        for (int i = 0; i < keys; i++) {
            gradient[i] = (left[i] * gradient[i] - probability[i] * mean) * scale;
        }
    }

    /// `dq = dS k`.
    private void queries(Block block, MemorySegment ds, MemorySegment dq, boolean add) {
        Plan plan = new Plan.Product(
                shape.scores(job.type(), block),
                shape.keys(job.type(), block),
                false,
                shape.queries(job.type(), block),
                Plan.Finish.of(1, add));
        MemorySegment k = Attention.keys(shape, inputs.k(), block);
        for (int g = 0; g < shape.group(); g++) {
            job.run(
                    plan,
                    Attention.score(shape, block, ds, g, job.dtype()),
                    k,
                    Attention.query(shape, dq, g, job.dtype()));
        }
    }
}
