package org.panamask.backend.cpu;

import java.util.Set;
import org.panamask.ffi.DnnlArgument;
import org.panamask.ffi.DnnlBinary;
import org.panamask.ffi.DnnlEltwise;
import org.panamask.ffi.DnnlMemoryDesc;
import org.panamask.ffi.DnnlNormalization;
import org.panamask.ffi.DnnlOperations;
import org.panamask.ffi.DnnlPostOps;
import org.panamask.ffi.DnnlSoftmax;
import org.panamask.ffi.DnnlType;

/// What a primitive computes, on operands of which shape: the key under which [PrimitiveCache] keeps it.
sealed interface Plan {
    /// Compiles it.
    Prepared prepare(Preparation preparation);

    /// `dst = finish(src weights)`; slots: src, weights, dst, then bias and mask where `finish` has them.
    ///
    /// @param src `[.., M, K]`
    /// @param weights `[.., K, N]`
    /// @param packed whether the weights lie as [Packings] says instead of as `weights` says
    /// @param dst `[.., M, N]`
    /// @param finish what happens to the product
    record Product(Layout src, Layout weights, boolean packed, Layout dst, Finish finish) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.describe(src);
            DnnlMemoryDesc by = packed ? preparation.packing(weights) : preparation.describe(weights);
            DnnlMemoryDesc to = preparation.describe(dst);
            preparation.operand(DnnlArgument.src(from), src.spanBytes());
            preparation.operand(DnnlArgument.weights(by), packed ? by.bytes() : weights.spanBytes());
            preparation.operand(DnnlArgument.dst(to), dst.spanBytes());
            Layout biasLayout = Layout.matrix(src.type(), 1, dst.columns());
            DnnlMemoryDesc bias = preparation.describe(biasLayout);
            if (finish.bias()) {
                preparation.operand(DnnlArgument.bias(bias), biasLayout.spanBytes());
            }
            DnnlOperations operations = preparation.operations(postOps(preparation));
            return preparation.compile(
                    finish.bias() ? operations.matmul(from, by, bias, to) : operations.matmul(from, by, to));
        }

        private DnnlPostOps postOps(Preparation preparation) {
            DnnlPostOps postOps = preparation.postOps();
            int position = 0;
            if (finish.scale() != 1) {
                postOps.eltwise(DnnlEltwise.linear(finish.scale(), 0));
                position++;
            }
            if (finish.mask()) {
                Layout mask = Layout.matrices(DnnlType.F32, 1, dst.rows(), dst.columns())
                        .repeated(dst.repeat().count(), dst.rows() * dst.columns());
                DnnlMemoryDesc described = preparation.describe(mask);
                postOps.binary(DnnlBinary.ADD, described);
                preparation.operand(DnnlArgument.postOp(position, described), mask.spanBytes());
            }
            if (finish.add()) {
                postOps.sum(1);
            }
            return postOps;
        }
    }

    /// What happens to a product before it is written, in this order.
    ///
    /// @param bias a row `[1, N]` is added, of the type of src
    /// @param scale it is multiplied with this
    /// @param mask a matrix `[1, M, N]`, F32, is added to every entry of the batch; `[.., 1, M, N]` where that
    /// repeats
    /// @param add what dst held is added
    record Finish(boolean bias, float scale, boolean mask, boolean add) {
        static final Finish PLAIN = new Finish(false, 1, false, false);

        /// `scale * product`, added to what dst held if `add`.
        static Finish of(float scale, boolean add) {
            return new Finish(false, scale, false, add);
        }
    }

    /// Softmax of each row; slots: src, dst.
    ///
    /// @param src `[M, N]`
    /// @param dst `[M, N]`
    record Softmax(Layout src, Layout dst) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.input(DnnlArgument::src, src);
            DnnlMemoryDesc to = preparation.input(DnnlArgument::dst, dst);
            return preparation.compile(
                    preparation.operations(preparation.postOps()).softmax(DnnlSoftmax.SOFTMAX, 1, from, to));
        }
    }

    /// A function of each element; slots: src, dst.
    ///
    /// @param function the function
    /// @param layout of both
    record Eltwise(DnnlEltwise function, Layout layout) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.input(DnnlArgument::src, layout);
            DnnlMemoryDesc to = preparation.input(DnnlArgument::dst, layout);
            return preparation.compile(
                    preparation.operations(preparation.postOps()).eltwise(function, from, to));
        }
    }

    /// The gradient of [Eltwise]; slots: src, gradient of dst, gradient of src.
    ///
    /// @param function the function
    /// @param layout of all three
    record EltwiseBackward(DnnlEltwise function, Layout layout) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.input(DnnlArgument::src, layout);
            preparation.input(DnnlArgument::diffDst, layout);
            preparation.input(DnnlArgument::diffSrc, layout);
            DnnlOperations operations = preparation.operations(preparation.postOps());
            return preparation.compile(operations.eltwiseBackward(
                    function, from, preparation.hint(operations.eltwise(function, from, from))));
        }
    }

    /// A function of pairs of elements; slots: first, second, dst.
    ///
    /// @param function the function
    /// @param layout of first and dst
    /// @param second the second operand, whose extents of 1 are repeated
    /// @param add whether what dst held is added
    record Binary(DnnlBinary function, Layout layout, Layout second, boolean add) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc first = preparation.input(DnnlArgument::src, layout);
            DnnlMemoryDesc other = preparation.input(DnnlArgument::src1, second);
            DnnlMemoryDesc to = preparation.input(DnnlArgument::dst, layout);
            DnnlPostOps postOps = add ? preparation.postOps().sum(1) : preparation.postOps();
            return preparation.compile(preparation.operations(postOps).binary(function, first, other, to));
        }
    }

    /// Normalisation of each row; slots: src, dst, then gain and offset `[N]`, F32, where `flags` have them.
    ///
    /// @param layout of src and dst
    /// @param epsilon added to the variance
    /// @param flags what applies
    record Normalization(Layout layout, float epsilon, Set<DnnlNormalization.Flag> flags) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.input(DnnlArgument::src, layout);
            DnnlMemoryDesc to = preparation.input(DnnlArgument::dst, layout);
            Layout row = Layout.vector(DnnlType.F32, layout.columns());
            if (flags.contains(DnnlNormalization.Flag.SCALE)) {
                preparation.input(DnnlArgument::scale, row);
            }
            if (flags.contains(DnnlNormalization.Flag.SHIFT)) {
                preparation.input(DnnlArgument::shift, row);
            }
            DnnlMemoryDesc statistics = preparation.describe(Layout.vector(DnnlType.F32, layout.rows()));
            DnnlNormalization options = new DnnlNormalization(statistics, epsilon, flags);
            return preparation.compile(
                    preparation.operations(preparation.postOps()).normalizationForInference(options, from, to));
        }
    }

    /// A copy into another layout or type; slots: src, dst.
    ///
    /// @param src where from
    /// @param dst where to; the product's weights if `packed`
    /// @param packed whether dst lies as [Packings] says
    record Reorder(Layout src, Layout dst, boolean packed) implements Plan {
        @Override
        public Prepared prepare(Preparation preparation) {
            DnnlMemoryDesc from = preparation.input(DnnlArgument::src, src);
            DnnlMemoryDesc to = packed ? preparation.packing(dst) : preparation.describe(dst);
            preparation.operand(DnnlArgument.dst(to), packed ? to.bytes() : dst.spanBytes());
            return preparation.compile(
                    preparation.operations(preparation.postOps()).reorder(from, to));
        }
    }
}
