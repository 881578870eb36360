package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlBinary;
import org.panamask.ffi.DnnlEltwise;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// Functions of elements, by oneDNN: sums, copies and the activations.
final class Pointwise {
    private static final DnnlEltwise GELU = DnnlEltwise.of(DnnlEltwise.Kind.GELU_TANH);

    private final CpuJob job;

    Pointwise(CpuJob job) {
        this.job = job;
    }

    /// Something done to `count` rows from row `from` on.
    @FunctionalInterface
    private interface Piece {
        void run(long from, Layout rows);
    }

    private void pieces(Tensor model, Piece piece) {
        long width = model.shape().last();
        long rows = model.shape().rows();
        for (long done = 0; done < rows; ) {
            long step = RowSteps.function(rows - done);
            piece.run(done, Layout.matrix(job.type(), step, width));
            done += step;
        }
    }

    private static MemorySegment at(Tensor tensor, long row) {
        return tensor.memory()
                .asSlice(row * tensor.shape().last() * tensor.dtype().bytes());
    }

    private void binary(DnnlBinary function, Tensor x, Tensor y, Into into) {
        pieces(
                x,
                (from, rows) -> job.run(
                        new Plan.Binary(function, rows, rows, into.add()),
                        at(x, from),
                        at(y, from),
                        at(into.tensor(), from)));
    }

    Tensor add(Tensor x, Tensor y) {
        Tensor sum = job.make(x.shape(), job.dtype());
        binary(DnnlBinary.ADD, x, y, new Into(sum, false));
        return sum;
    }

    Tensor extrapolate(Tensor from, Tensor to, double factor) {
        Tensor y = job.make(from.shape(), from.dtype());
        float share = (float) factor;
        long chunk = 4096;
        job.rows((y.count() + chunk - 1) / chunk, chunk, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                int count = (int) Math.min(chunk, y.count() - row * chunk);
                float[] starts = tile.load(0, from, row * chunk, count);
                float[] ends = tile.load(1, to, row * chunk, count);
                for (int i = 0; i < count; i++) {
                    starts[i] += share * (ends[i] - starts[i]);
                }
                tile.store(starts, y, row * chunk, count);
            }
        });
        return y;
    }

    Tensor swiGlu(Tensor gate, Tensor up) {
        Tensor y = job.make(gate.shape(), job.dtype());
        pieces(gate, (from, rows) -> {
            job.run(new Plan.Eltwise(DnnlEltwise.silu(), rows), at(gate, from), at(y, from));
            job.run(new Plan.Binary(DnnlBinary.MUL, rows, rows, false), at(y, from), at(up, from), at(y, from));
        });
        return y;
    }

    /// `dgate = dy * silu'(gate) * up`, then `dup = dy * silu(gate)`: one tensor may take both, the second added.
    void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        pieces(gate, (from, rows) -> {
            try (Frame frame = job.frame()) {
                MemorySegment factor = frame.take(rows.spanBytes());
                job.run(new Plan.EltwiseBackward(DnnlEltwise.silu(), rows), at(gate, from), at(dy, from), factor);
                job.run(
                        new Plan.Binary(DnnlBinary.MUL, rows, rows, dgate.add()),
                        factor,
                        at(up, from),
                        at(dgate.tensor(), from));
                job.run(new Plan.Eltwise(DnnlEltwise.silu(), rows), at(gate, from), factor);
                job.run(
                        new Plan.Binary(DnnlBinary.MUL, rows, rows, dup.add()),
                        at(dy, from),
                        factor,
                        at(dup.tensor(), from));
            }
        });
    }

    Tensor gelu(Tensor x) {
        Tensor y = job.make(x.shape(), job.dtype());
        pieces(x, (from, rows) -> job.run(new Plan.Eltwise(GELU, rows), at(x, from), at(y, from)));
        return y;
    }

    void geluBackward(Tensor dy, Tensor x, Into dx) {
        pieces(x, (from, rows) -> {
            Plan plan = new Plan.EltwiseBackward(GELU, rows);
            MemorySegment to = at(dx.tensor(), from);
            if (dx.add()) {
                try (Frame frame = job.frame()) {
                    MemorySegment gradient = frame.take(rows.spanBytes());
                    job.run(plan, at(x, from), at(dy, from), gradient);
                    job.run(new Plan.Binary(DnnlBinary.ADD, rows, rows, false), to, gradient, to);
                }
            } else {
                job.run(plan, at(x, from), at(dy, from), to);
            }
        });
    }

    void accumulate(Tensor x, Into into) {
        Tensor sum = into.tensor();
        if (!into.add()) {
            job.convert(x.memory(), x.dtype(), sum.memory(), sum.dtype(), x.count());
            return;
        }
        long chunk = 4096;
        job.rows((x.count() + chunk - 1) / chunk, chunk, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                int count = (int) Math.min(chunk, x.count() - row * chunk);
                float[] values = tile.load(0, x, row * chunk, count);
                float[] sums = tile.load(1, sum, row * chunk, count);
                for (int i = 0; i < count; i++) {
                    sums[i] += values[i];
                }
                tile.store(sums, sum, row * chunk, count);
            }
        });
    }

    /// Sets every element to zero.
    void clear(Tensor tensor) {
        long chunk = 1 << 16;
        long bytes = tensor.bytes();
        job.rows(
                (bytes + chunk - 1) / chunk,
                chunk / 4,
                (_, first, last) -> tensor.memory()
                        .asSlice(first * chunk, Math.min(bytes, last * chunk) - first * chunk)
                        .fill((byte) 0));
    }
}
