package org.panamask.tensor;

/// [ShapeRules] of the operations of [Ops] that are for inference only: guidance, caches and soft embeddings.
public final class InferenceRules {
    private InferenceRules() {}

    /// The rules of [Ops#extrapolate].
    public static Shape extrapolate(Tensor from, Tensor to, double factor) {
        Operands.requireOneType("extrapolate", "from and to", from, to);
        if (!from.shape().equals(to.shape())) {
            throw Operands.refused("extrapolate: from and to must have one shape", from.shape(), to.shape());
        }
        if (!Double.isFinite(factor)) {
            throw new IllegalArgumentException("extrapolate: factor must be a finite number, but got " + factor);
        }
        return from.shape();
    }

    /// The rules of [Ops#storeRows].
    public static void storeRows(Tensor x, Tensor rows, Tensor into) {
        Operands.requireInts("storeRows", "rows", rows);
        Operands.requireOneType("storeRows", "x and into", x, into);
        if (!placed(x, rows, into)) {
            throw Operands.refused(
                    "storeRows: x [R, D] needs rows [R] and into [N, D]", x.shape(), rows.shape(), into.shape());
        }
    }

    /// The rules of [Ops#withRows].
    public static Shape withRows(Tensor base, Tensor rows, Tensor x) {
        Operands.requireInts("withRows", "rows", rows);
        Operands.requireOneType("withRows", "base and x", base, x);
        if (!placed(x, rows, base)) {
            throw Operands.refused(
                    "withRows: base [N, D] needs rows [R] and x [R, D]", base.shape(), rows.shape(), x.shape());
        }
        return base.shape();
    }

    private static boolean placed(Tensor x, Tensor rows, Tensor matrix) {
        return Operands.isMatrix(matrix)
                && rows.shape().rank() == 1
                && x.shape().equals(Shape.of(rows.count(), matrix.shape().last()));
    }

    /// The rules of [Ops#expectation].
    public static Shape expectation(Tensor hidden, Weight head, Weight table) {
        Shape logits = HeadRules.head("expectation", hidden, head);
        if (table.shape().rank() != 2 || table.shape().extent(0) != logits.last()) {
            throw Operands.refused(
                    "expectation: hidden [R, D] and head [V, D] need a table [V, E]",
                    hidden.shape(),
                    head.shape(),
                    table.shape());
        }
        return Shape.of(logits.extent(0), table.shape().last());
    }
}
