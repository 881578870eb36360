package org.panamask.tensor;

import java.util.Optional;

/// What every operation demands of the shapes and types it is given, and the shape that it returns: one method for each
/// operation of [Ops]; [HeadRules] has those that end at a head, [GradientRules] those of [BackwardOps]. Every backend
/// asks here first, so all of them refuse the same calls in the same words.
public final class ShapeRules {
    private ShapeRules() {}

    /// Demands one value for each element.
    public static Shape upload(Shape shape, long values) {
        if (shape.count() != values) {
            throw new ShapeException("upload: " + shape + " needs " + shape.count() + " values, but got " + values);
        }
        return shape;
    }

    /// Demands whole numbers.
    public static Shape ints(Tensor tensor) {
        Operands.requireInts("ints", "the tensor", tensor);
        return tensor.shape();
    }

    /// Demands real numbers.
    public static Shape doubles(Tensor tensor) {
        Operands.requireFloats("doubles", "the tensor", tensor);
        return tensor.shape();
    }

    /// The rules of [Ops#embedding].
    public static Shape embedding(Tensor ids, Weight table) {
        Operands.requireInts("embedding", "ids", ids);
        if (table.shape().rank() != 2) {
            throw Operands.refused("embedding: ids [...] need a table [V, D]", ids.shape(), table.shape());
        }
        return Shape.of(ids.count(), table.shape().last());
    }

    /// The rules of [Ops#linear] without bias.
    public static Shape linear(Tensor x, Weight w) {
        return product("linear", "x", "x [N, in] needs w [out, in]", x, w);
    }

    /// The rules of [Ops#linear] with bias.
    public static Shape linear(Tensor x, Weight w, Weight bias) {
        Shape result = linear(x, w);
        if (!bias.shape().equals(Shape.of(result.last()))) {
            throw Operands.refused(
                    "linear: x [N, in] and w [out, in] need bias [out]", x.shape(), w.shape(), bias.shape());
        }
        return result;
    }

    /// The rules of [Ops#addLinear].
    public static Shape addLinear(Tensor y, Tensor h, Weight w) {
        Operands.requireOneType("addLinear", "y and h", y, h);
        if (!Operands.isMatrix(h) || !isProduct(h, w, y.shape())) {
            throw Operands.refused(
                    "addLinear: y [N, out] needs h [N, r] and w [out, r]", y.shape(), h.shape(), w.shape());
        }
        return y.shape();
    }

    /// The rules of [Ops#dropout].
    public static Shape dropout(Tensor x, DropoutKey key) {
        return dropout("dropout", "x", x, key);
    }

    static Shape dropout(String operation, String name, Tensor x, DropoutKey key) {
        Operands.requireFloats(operation, name, x);
        Operands.requireInts(operation, "the key's rows", key.rows());
        if (!Operands.isMatrix(x)
                || !key.rows().shape().equals(Shape.of(x.shape().extent(0), 2))) {
            throw Operands.refused(
                    operation + ": " + name + " [N, D] needs a key with rows [N, 2]",
                    x.shape(),
                    key.rows().shape());
        }
        requireRate(operation, key);
        return x.shape();
    }

    private static void requireRate(String operation, DropoutKey key) {
        if (!(key.rate() >= 0 && key.rate() < 1)) {
            throw new IllegalArgumentException(
                    operation + ": rate must be at least 0 and below 1, but got " + key.rate());
        }
    }

    /// The rules of [Ops#rmsNorm].
    public static Shape rmsNorm(Tensor x, Weight gain) {
        Operands.requireFloats("rmsNorm", "x", x);
        if (!Operands.isMatrix(x) || !gain.shape().equals(Shape.of(x.shape().last()))) {
            throw Operands.refused("rmsNorm: x [N, D] needs gain [D]", x.shape(), gain.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#layerNorm].
    public static Shape layerNorm(Tensor x, Weight gain, Weight bias) {
        Operands.requireFloats("layerNorm", "x", x);
        if (!Operands.isMatrix(x)
                || !gain.shape().equals(Shape.of(x.shape().last()))
                || !bias.shape().equals(gain.shape())) {
            throw Operands.refused(
                    "layerNorm: x [N, D] needs gain [D] and bias [D]", x.shape(), gain.shape(), bias.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#rotate].
    public static Shape rotate(Tensor x, Ops.Rotation rotation) {
        return rotate("rotate", "x", x, rotation);
    }

    static Shape rotate(String operation, String name, Tensor x, Ops.Rotation rotation) {
        Tensor cos = rotation.cos();
        Tensor sin = rotation.sin();
        Tensor positions = rotation.positions();
        Operands.requireFloats(operation, name, x);
        Operands.requireSumType(operation, "cos and sin", x, cos, sin);
        Operands.requireInts(operation, "positions", positions);
        Shape shape = x.shape();
        if (shape.rank() != 3
                || shape.last() % 2 != 0
                || !Operands.isMatrix(cos)
                || cos.shape().last() * 2 != shape.last()
                || !sin.shape().equals(cos.shape())
                || !positions.shape().equals(Shape.of(shape.extent(0)))) {
            throw Operands.refused(
                    operation + ": " + name + " [N, H, d] with an even d needs cos and sin [P, d/2] and positions [N]",
                    shape,
                    cos.shape(),
                    sin.shape(),
                    positions.shape());
        }
        return shape;
    }

    /// The rules of [Ops#attention].
    ///
    /// @throws IllegalArgumentException if the key's rate or site is out of range
    public static Shape attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask, Optional<DropoutKey> dropout) {
        Shape result = attention(q, k, v, mask);
        dropout.ifPresent(key -> requireAttentionKey(q, key));
        return result;
    }

    private static void requireAttentionKey(Tensor q, DropoutKey key) {
        Operands.requireInts("attention", "the key's rows", key.rows());
        if (!key.rows().shape().equals(Shape.of(q.shape().extent(0), 2))) {
            throw Operands.refused(
                    "attention: q [R, H, d] needs a key with rows [R, 2]",
                    q.shape(),
                    key.rows().shape());
        }
        requireRate("attention", key);
        if (key.site() < 0 || key.site() >= 1 << DropoutKey.SITE_BITS) {
            throw new IllegalArgumentException("attention: the key's site must be in [0, " + (1 << DropoutKey.SITE_BITS)
                    + "), but got " + key.site());
        }
    }

    private static Shape attention(Tensor q, Tensor k, Tensor v, KeyIntervals mask) {
        Operands.requireOneType("attention", "q, k and v", q, k, v);
        long keys = (long) mask.batch() * mask.keys();
        boolean fits = q.shape().rank() == 3
                && k.shape().rank() == 3
                && v.shape().equals(k.shape())
                && q.shape().extent(0) == mask.count()
                && k.shape().extent(0) == keys
                && q.shape().last() == k.shape().last()
                && k.shape().extent(1) > 0
                && q.shape().extent(1) % k.shape().extent(1) == 0;
        if (!fits) {
            throw Operands.refused(
                    "attention: a mask of R = " + mask.count() + " query rows and B * T = " + keys
                            + " keys needs q [R, H, d] and k and v [B * T, K, d] with H a multiple of K",
                    q.shape(),
                    k.shape(),
                    v.shape());
        }
        return q.shape();
    }

    /// The rules of [Ops#swiGlu].
    public static Shape swiGlu(Tensor gate, Tensor up) {
        Operands.requireOneType("swiGlu", "gate and up", gate, up);
        if (!Operands.isMatrix(gate) || !up.shape().equals(gate.shape())) {
            throw Operands.refused("swiGlu: gate [N, F] needs up [N, F]", gate.shape(), up.shape());
        }
        return gate.shape();
    }

    /// The rules of [Ops#gelu].
    public static Shape gelu(Tensor x) {
        Operands.requireFloats("gelu", "x", x);
        if (!Operands.isMatrix(x)) {
            throw Operands.refused("gelu: x must be [N, F]", x.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#add].
    public static Shape add(Tensor x, Tensor y) {
        Operands.requireOneType("add", "x and y", x, y);
        if (!x.shape().equals(y.shape())) {
            throw Operands.refused("add: x and y must have one shape", x.shape(), y.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#gatherRows].
    public static Shape gatherRows(Tensor x, Tensor rows) {
        Operands.requireInts("gatherRows", "rows", rows);
        if (!Operands.isMatrix(x) || rows.shape().rank() != 1) {
            throw Operands.refused("gatherRows: x [N, D] needs rows [R]", x.shape(), rows.shape());
        }
        return Shape.of(rows.count(), x.shape().last());
    }

    /// The rules of [Ops#columns].
    public static Shape columns(Tensor x, long from, long count) {
        Operands.requireFloats("columns", "x", x);
        if (!Operands.isMatrix(x)) {
            throw Operands.refused("columns: x must be [N, D]", x.shape());
        }
        if (from < 0 || count < 0 || from > x.shape().last() - count) {
            throw Operands.refused(
                    "columns: " + count + " columns from " + from + " on must lie in x [N, D]", x.shape());
        }
        return x.shape().withLast(count);
    }

    static Shape product(String operation, String name, String rule, Tensor x, Weight w) {
        Operands.requireFloats(operation, name, x);
        if (!Operands.isMatrix(x)
                || w.shape().rank() != 2
                || x.shape().last() != w.shape().last()) {
            throw Operands.refused(operation + ": " + rule, x.shape(), w.shape());
        }
        return Shape.of(x.shape().extent(0), w.shape().extent(0));
    }

    private static boolean isProduct(Tensor x, Weight w, Shape result) {
        return w.shape().rank() == 2
                && w.shape().last() == x.shape().last()
                && result.equals(Shape.of(x.shape().extent(0), w.shape().extent(0)));
    }
}
