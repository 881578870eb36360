package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cuda.ProductCall.Pointers;
import org.panamask.backend.cuda.ProductKey.Extents;
import org.panamask.backend.cuda.ProductKey.Turned;
import org.panamask.backend.cuda.ProductKey.Types;
import org.panamask.backend.cuda.Products.Finish;
import org.panamask.backend.host.Float8;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.tensor.Tensor;

/// Products of activations with frozen matrices in 8-bit floats. The matrix was rounded once, both ways round, because
/// the left operand must be the turned one on Ada and Hopper whichever way the product goes; activations are rounded
/// when they are multiplied, to e4m3 forward and to e5m2 where they are gradients.
final class EightBitProducts {
    private final CudaJob job;
    private final Products products;

    EightBitProducts(CudaJob job, Products products) {
        this.job = job;
        this.products = products;
    }

    /// A frozen matrix `[out, in]` in 8 bits.
    ///
    /// @param codes `[out, in]`
    /// @param turned `[in, out]`
    /// @param inverse `[1]` F32, what products multiply with
    record Form(Tensor codes, Tensor turned, Tensor inverse) {
        MemorySegment operand(Turned product) {
            return switch (product) {
                case LEFT -> codes.memory();
                case NONE -> turned.memory();
                case RIGHT -> throw new IllegalArgumentException("a frozen matrix has no gradient");
            };
        }
    }

    /// `y = finish(x w^T)`, or `y = finish(x w)` where `x` is a gradient and `turned` is `NONE`.
    void multiply(Tensor x, Form w, Turned turned, Tensor y, Finish finish) {
        long rows = x.shape().extent(0);
        if (rows == 0) {
            return;
        }
        Float8 type = turned == Turned.LEFT ? Float8.E4M3 : Float8.E5M2;
        try (Frame frame = job.frame()) {
            EightBits.Codes codes = new EightBits(job).round(frame, x, type);
            boolean whole = codes.rows() == rows;
            long width = y.shape().last();
            long result = whole
                    ? y.memory().address()
                    : frame.take(codes.rows() * width * y.dtype().bytes()).address();
            if (!whole && finish.add()) {
                job.enqueue(new Command.Copy(y.memory().address(), result, y.bytes()));
            }
            products.enqueue(
                    new Types(CublasType.E4M3, type(type), Products.type(y.dtype())),
                    new Extents(width, codes.rows(), x.shape().last()),
                    Turned.LEFT,
                    new CublasLtProduct.Operands(
                            w.operand(turned).address(),
                            codes.codes().address(),
                            result,
                            finish.scale(),
                            finish.beta()),
                    new Pointers(
                            finish.bias(),
                            w.inverse().memory().address(),
                            codes.inverse().address()));
            if (!whole) {
                job.enqueue(new Command.Copy(result, y.memory().address(), y.bytes()));
            }
        }
    }

    private static CublasType type(Float8 type) {
        return switch (type) {
            case E4M3 -> CublasType.E4M3;
            case E5M2 -> CublasType.E5M2;
        };
    }
}
