package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.ProductMode;
import org.panamask.backend.cuda.ProductCall.Pointers;
import org.panamask.backend.cuda.ProductKey.Extents;
import org.panamask.backend.cuda.ProductKey.Turned;
import org.panamask.backend.cuda.ProductKey.Types;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products with weights, all of them cuBLASLt's.
final class Products {
    /// Rows are padded to multiples of it where their bits must not depend on their number.
    static final int ROW_STEP = 64;

    /// Up to so many rows are copied as a whole to be padded; of more, only those after the last whole step, which
    /// costs a second product of few rows.
    static final int COPIED_ROWS = 1024;

    private final CudaJob job;
    private final Pointwise pointwise;
    private final ProductPlans plans;
    private final EightBitProducts eightBits;

    Products(CudaJob job, Pointwise pointwise) {
        this.job = job;
        this.pointwise = pointwise;
        this.plans = job.device().products();
        this.eightBits = new EightBitProducts(job, this);
    }

    /// A matrix of row-major rows.
    ///
    /// @param address of the first element
    /// @param dtype of the elements
    /// @param width elements of a row
    record Matrix(long address, DType dtype, long width) {
        static Matrix of(Tensor tensor) {
            return new Matrix(
                    tensor.memory().address(), tensor.dtype(), tensor.shape().last());
        }

        Matrix from(long row) {
            return new Matrix(address + row * rowBytes(), dtype, width);
        }

        Matrix at(MemorySegment memory) {
            return new Matrix(memory.address(), dtype, width);
        }

        long rowBytes() {
            return width * dtype.bytes();
        }
    }

    /// What becomes of a product.
    ///
    /// @param scale multiplies it
    /// @param add whether it is added to what stands in the result
    /// @param bias address of a bias of the result's type; 0 for none
    record Finish(float scale, boolean add, long bias) {
        static final Finish PLAIN = new Finish(1, false, 0);

        static Finish of(float scale, boolean add) {
            return new Finish(scale, add, 0);
        }

        float beta() {
            return add ? 1 : 0;
        }
    }

    /// The right operand of products with a weight `[out, in]`, which lies as it was given.
    ///
    /// @param address of the weight
    /// @param turned `LEFT` for `x w^T`, `NONE` for `dy w`
    record Operand(long address, Turned turned) {}

    Operand forward(Weight w) {
        return new Operand(values(w), Turned.LEFT);
    }

    Operand backward(Weight w) {
        return new Operand(values(w), Turned.NONE);
    }

    private long values(Weight w) {
        return CudaWeight.of(job, w).plain(job.dtype(), pointwise::copy).address();
    }

    Tensor linear(Tensor x, Weight w, Shape result) {
        Tensor y = job.make(result, job.dtype());
        multiply(x, w, Turned.LEFT, y, Finish.PLAIN);
        return y;
    }

    Tensor linear(Tensor x, Weight w, Weight bias, Shape result) {
        Tensor y = job.make(result, job.dtype());
        multiply(x, w, Turned.LEFT, y, new Finish(1, false, values(bias)));
        return y;
    }

    private void multiply(Tensor x, Weight w, Turned turned, Tensor y, Finish finish) {
        if (job.inEightBits(w)) {
            eightBits.multiply(x, CudaWeight.of(job, w).eightBits(job, pointwise::copy), turned, y, finish);
        } else {
            Operand weights = turned == Turned.LEFT ? forward(w) : backward(w);
            multiply(Matrix.of(x), weights, Matrix.of(y), x.shape().extent(0), finish);
        }
    }

    /// The sum lies where `y` lay, but is a value of its own: its gradient is not the gradient of `y`.
    Tensor addLinear(Tensor y, Tensor h, Weight w, float scale) {
        multiply(Matrix.of(h), forward(w), Matrix.of(y), h.shape().extent(0), Finish.of(scale, true));
        return Tensor.of(y.shape(), y.dtype(), y.memory(), y.scope());
    }

    void linearBackward(Tensor dy, Weight w, float scale, Into dx) {
        multiply(dy, w, Turned.NONE, dx.tensor(), Finish.of(scale, dx.add()));
    }

    /// `y = finish(x weights)` for `rows` rows.
    void multiply(Matrix x, Operand weights, Matrix y, long rows, Finish finish) {
        long over = plans.mode() == ProductMode.STEADY ? rows % ROW_STEP : 0;
        if (over == 0) {
            run(x, weights, y, rows, finish);
        } else if (rows <= COPIED_ROWS) {
            padded(x, weights, y, rows, finish);
        } else {
            run(x, weights, y, rows - over, finish);
            padded(x.from(rows - over), weights, y.from(rows - over), over, finish);
        }
    }

    /// Through copies of whole steps of rows, of which those that nobody asked for are zero.
    private void padded(Matrix x, Operand weights, Matrix y, long rows, Finish finish) {
        long whole = (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
        try (Frame frame = job.frame()) {
            Matrix from = x.at(frame.take(whole * x.rowBytes()));
            Matrix to = y.at(frame.take(whole * y.rowBytes()));
            fill(x, from, rows, whole);
            if (finish.add()) {
                fill(y, to, rows, whole);
            }
            run(from, weights, to, whole, finish);
            job.enqueue(new Command.Copy(to.address(), y.address(), rows * y.rowBytes()));
        }
    }

    private void fill(Matrix from, Matrix to, long rows, long whole) {
        job.enqueue(new Command.Copy(from.address(), to.address(), rows * from.rowBytes()));
        job.enqueue(new Command.Clear(to.from(rows).address(), (whole - rows) * to.rowBytes()));
    }

    private void run(Matrix x, Operand weights, Matrix y, long rows, Finish finish) {
        Types types = new Types(type(x.dtype()), type(x.dtype()), type(y.dtype()));
        enqueue(
                types,
                new Extents(y.width(), rows, x.width()),
                weights.turned(),
                new CublasLtProduct.Operands(
                        weights.address(), x.address(), y.address(), finish.scale(), finish.beta()),
                Pointers.bias(finish.bias()));
    }

    /// `dw += scale * dy^T x`.
    void linearWeightBackward(Tensor dy, Tensor x, float scale, Tensor dw) {
        addOuter(
                Matrix.of(dy),
                Matrix.of(x),
                dy.shape().extent(0),
                scale,
                dw.memory().address());
    }

    /// `dw += scale * dy^T x` over `rows` rows; `dw` is F32.
    void addOuter(Matrix dy, Matrix x, long rows, float scale, long dw) {
        enqueue(
                new Types(type(x.dtype()), type(dy.dtype()), CublasType.F32),
                new Extents(x.width(), dy.width(), rows),
                Turned.RIGHT,
                new CublasLtProduct.Operands(x.address(), dy.address(), dw, scale, 1),
                Pointers.NONE);
    }

    /// Plans a product and appends it to the queue.
    void enqueue(Types types, Extents extents, Turned turned, CublasLtProduct.Operands operands, Pointers pointers) {
        if (extents.m() == 0 || extents.n() == 0 || extents.k() == 0) {
            return;
        }
        int alignment = ProductKey.alignment(operands.a(), operands.b(), operands.d(), pointers.bias());
        ProductKey key = new ProductKey(types, extents, turned, pointers.bias() != 0, alignment);
        // A graph may be captured when the call is issued; by then everything must be known.
        plans.prepare(key);
        job.enqueue(new ProductCall(plans, key, operands, pointers));
    }

    /// What cuBLAS calls `dtype`.
    static CublasType type(DType dtype) {
        return switch (dtype) {
            case F32 -> CublasType.F32;
            case BF16 -> CublasType.BF16;
            case F16 -> CublasType.F16;
            case F8_E4M3 -> CublasType.E4M3;
            case F8_E5M2 -> CublasType.E5M2;
            case F64, I64, I32, I16, I8, U8, BOOL ->
                throw new IllegalArgumentException("backend cuda: there are no products of " + dtype);
        };
    }
}
