package org.panamask.backend.cuda;

import org.panamask.ffi.cuda.CublasLtLayout;
import org.panamask.ffi.cuda.CublasType;

/// One kind of product as cuBLASLt sees it, column by column: `D = op(A) op(B)` of matrices without gaps. A row-major
/// matrix `[R, C]` is its matrix of R columns.
///
/// @param types of the elements
/// @param extents of the product
/// @param turned which operand lies the other way round
/// @param bias whether a bias is added
/// @param alignment a power of two that every address is a multiple of
record ProductKey(Types types, Extents extents, Turned turned, boolean bias, int alignment) {
    /// The alignment that algorithms may count on at most.
    static final int MOST_ALIGNED = 256;

    /// What elements are.
    ///
    /// @param left of A
    /// @param right of B
    /// @param result of D
    record Types(CublasType left, CublasType right, CublasType result) {}

    /// The extents of a product.
    ///
    /// @param m rows of D
    /// @param n columns of D
    /// @param k terms of each sum
    record Extents(long m, long n, long k) {}

    /// Which operand is turned.
    enum Turned {
        /// `y = x w^T`: A is w, B is x.
        LEFT,
        /// `dx = dy w`: A is w, B is dy.
        NONE,
        /// `dw = dy^T x`: A is x, B is dy.
        RIGHT
    }

    CublasLtLayout.Extent left() {
        return turned == Turned.LEFT
                ? columns(types.left(), extents.k(), extents.m())
                : columns(types.left(), extents.m(), extents.k());
    }

    CublasLtLayout.Extent right() {
        return turned == Turned.RIGHT
                ? columns(types.right(), extents.n(), extents.k())
                : columns(types.right(), extents.k(), extents.n());
    }

    CublasLtLayout.Extent result() {
        return columns(types.result(), extents.m(), extents.n());
    }

    private static CublasLtLayout.Extent columns(CublasType type, long rows, long columns) {
        return new CublasLtLayout.Extent(type, rows, columns, rows);
    }

    /// The same product of `rows` rows, the columns of D.
    ProductKey withRows(long rows) {
        return new ProductKey(types, new Extents(extents.m(), rows, extents.k()), turned, bias, alignment);
    }

    /// The same product of addresses that are multiples of `bytes`.
    ProductKey aligned(int bytes) {
        return new ProductKey(types, extents, turned, bias, bytes);
    }

    /// The alignment of all of `addresses`: 256 where they have it, so that usual calls share a plan, else 16 at
    /// most.
    static int alignment(long... addresses) {
        long bits = MOST_ALIGNED;
        for (long address : addresses) {
            bits |= address;
        }
        int common = (int) Long.lowestOneBit(bits);
        return common >= MOST_ALIGNED ? MOST_ALIGNED : Math.min(common, 16);
    }

    @Override
    public String toString() {
        return "%s [%d, %d] x [%d, %d], %s x %s to %s%s"
                .formatted(
                        switch (turned) {
                            case LEFT -> "TN";
                            case NONE -> "NN";
                            case RIGHT -> "NT";
                        },
                        extents.m(),
                        extents.k(),
                        extents.k(),
                        extents.n(),
                        types.left(),
                        types.right(),
                        types.result(),
                        bias ? " with bias" : "");
    }
}
