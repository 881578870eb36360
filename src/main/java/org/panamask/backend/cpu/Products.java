package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cpu.CpuWeight.Direction;
import org.panamask.backend.cpu.CpuWeight.Operand;
import org.panamask.backend.host.Float8;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products with weights, a piece of rows at a time; a last piece of fewer than 16 rows goes through scratch memory.
final class Products {
    private final CpuJob job;

    Products(CpuJob job) {
        this.job = job;
    }

    /// A matrix of row-major rows.
    ///
    /// @param memory the elements
    /// @param dtype their type
    /// @param width elements of a row
    record Matrix(MemorySegment memory, DType dtype, long width) {
        static Matrix of(Tensor tensor) {
            return new Matrix(tensor.memory(), tensor.dtype(), tensor.shape().last());
        }

        Matrix from(long row) {
            return new Matrix(memory.asSlice(row * rowBytes()), dtype, width);
        }

        long rowBytes() {
            return width * dtype.bytes();
        }

        Layout layout(long rows) {
            return Layout.matrix(CpuJob.type(dtype), rows, width);
        }
    }

    Tensor linear(Tensor x, Weight w, Shape result) {
        Tensor y = job.make(result, job.dtype());
        multiply(x, w, Direction.FORWARD, y, Plan.Finish.PLAIN);
        return y;
    }

    Tensor linear(Tensor x, Weight w, Weight bias, Shape result) {
        Tensor y = job.make(result, job.dtype());
        multiply(
                x,
                w,
                Direction.FORWARD,
                y,
                new Plan.Finish(true, 1, false, false),
                CpuWeight.of(job, bias).plain(job, job.dtype()));
        return y;
    }

    private void multiply(
            Tensor x, Weight w, Direction direction, Tensor y, Plan.Finish finish, MemorySegment... more) {
        long rows = x.shape().extent(0);
        CpuWeight weight = CpuWeight.of(job, w);
        if (!job.inEightBits(w)) {
            multiply(Matrix.of(x), weight.operand(job, direction), Matrix.of(y), rows, finish, more);
            return;
        }
        Operand weights = weight.operandInEightBits(job, direction);
        try (Frame frame = job.frame()) {
            Matrix rounded =
                    new Matrix(frame.take(x.bytes()), x.dtype(), x.shape().last());
            Float8 type = direction == Direction.FORWARD ? Float8.E4M3 : Float8.E5M2;
            new EightBits(job, type).round(x.memory(), rounded.memory(), x.count());
            multiply(rounded, weights, Matrix.of(y), rows, finish, more);
        }
    }

    /// The sum lies where `y` lay, but is a value of its own: its gradient is not the gradient of `y`.
    Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        Operand weights = CpuWeight.of(job, w).operand(job, Direction.FORWARD);
        multiply(Matrix.of(h), weights, Matrix.of(y), h.shape().extent(0), Plan.Finish.of(scale, true));
        return Tensor.of(y.shape(), y.dtype(), y.memory(), y.scope());
    }

    void linearBackward(Tensor dy, Weight w, float scale, Into dx) {
        multiply(dy, w, Direction.BACKWARD, dx.tensor(), Plan.Finish.of(scale, dx.add()));
    }

    /// `y = finish(x weights)` for `rows` rows; `more` are the bias or mask of `finish`.
    void multiply(Matrix x, Operand weights, Matrix y, long rows, Plan.Finish finish, MemorySegment... more) {
        long done = 0;
        while (rows - done >= RowSteps.LEAST) {
            long step = RowSteps.product(rows - done);
            run(x.from(done), weights, y.from(done), step, finish, more);
            done += step;
        }
        if (done < rows) {
            multiplyFew(x.from(done), weights, y.from(done), rows - done, finish, more);
        }
    }

    private void multiplyFew(
            Matrix x, Operand weights, Matrix y, long rows, Plan.Finish finish, MemorySegment... more) {
        try (Frame frame = job.frame()) {
            Matrix from = padded(frame, x, rows);
            Matrix to = new Matrix(frame.take(RowSteps.LEAST * y.rowBytes()), y.dtype(), y.width());
            if (finish.add()) {
                MemorySegment.copy(y.memory(), 0, to.memory(), 0, rows * y.rowBytes());
                clear(to, rows);
            }
            run(from, weights, to, RowSteps.LEAST, finish, more);
            MemorySegment.copy(to.memory(), 0, y.memory(), 0, rows * y.rowBytes());
        }
    }

    /// The first `rows` rows of `x`, followed by rows of zeros.
    private static Matrix padded(Frame frame, Matrix x, long rows) {
        Matrix copy = new Matrix(frame.take(RowSteps.LEAST * x.rowBytes()), x.dtype(), x.width());
        MemorySegment.copy(x.memory(), 0, copy.memory(), 0, rows * x.rowBytes());
        clear(copy, rows);
        return copy;
    }

    private static void clear(Matrix matrix, long fromRow) {
        matrix.memory().asSlice(fromRow * matrix.rowBytes()).fill((byte) 0);
    }

    private void run(Matrix x, Operand weights, Matrix y, long rows, Plan.Finish finish, MemorySegment... more) {
        MemorySegment[] operands = new MemorySegment[3 + more.length];
        operands[0] = x.memory();
        operands[1] = weights.memory();
        operands[2] = y.memory();
        System.arraycopy(more, 0, operands, 3, more.length);
        job.run(new Plan.Product(x.layout(rows), weights.layout(), weights.packed(), y.layout(rows), finish), operands);
    }

    /// `dw += scale * dy^T x`.
    void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        addOuter(Matrix.of(dy), Matrix.of(x), dy.shape().extent(0), scale, dw.memory());
    }

    /// `dw += scale * dy^T x` over `rows` rows; `dw` is F32.
    void addOuter(Matrix dy, Matrix x, long rows, float scale, MemorySegment dw) {
        long done = 0;
        while (rows - done >= RowSteps.LEAST) {
            long step = RowSteps.product(rows - done);
            addOuterOf(dy.from(done), x.from(done), step, scale, dw);
            done += step;
        }
        if (done < rows) {
            try (Frame frame = job.frame()) {
                addOuterOf(
                        padded(frame, dy.from(done), rows - done),
                        padded(frame, x.from(done), rows - done),
                        RowSteps.LEAST,
                        scale,
                        dw);
            }
        }
    }

    private void addOuterOf(Matrix dy, Matrix x, long rows, float scale, MemorySegment dw) {
        Plan plan = new Plan.Product(
                dy.layout(rows).turned(),
                x.layout(rows),
                false,
                Layout.matrix(CpuJob.type(DType.F32), dy.width(), x.width()),
                Plan.Finish.of(scale, true));
        job.run(plan, dy.memory(), x.memory(), dw);
    }
}
