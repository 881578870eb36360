package org.panamask.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What every operation demands of the shapes and types it is given, and the shape that it returns: one method for each
/// operation of [Ops]; [GradientRules] has those of [BackwardOps]. Every backend asks here first, so all of them refuse
/// the same calls in the same words.
public final class ShapeRules {
    private ShapeRules() {}

    /// The type that sums of values of `type` are kept in: F64 for F64, F32 for all others.
    public static DType sumOf(DType type) {
        return type == DType.F64 ? DType.F64 : DType.F32;
    }

    /// Demands one value for each element.
    public static Shape upload(Shape shape, long values) {
        if (shape.count() != values) {
            throw new ShapeException("upload: " + shape + " needs " + shape.count() + " values, but got " + values);
        }
        return shape;
    }

    /// Demands whole numbers.
    public static Shape ints(Tensor tensor) {
        requireInts("ints", "the tensor", tensor);
        return tensor.shape();
    }

    /// Demands real numbers.
    public static Shape doubles(Tensor tensor) {
        requireFloats("doubles", "the tensor", tensor);
        return tensor.shape();
    }

    /// The rules of [Ops#embedding].
    public static Shape embedding(Tensor ids, Weight table) {
        requireInts("embedding", "ids", ids);
        if (table.shape().rank() != 2) {
            throw refused("embedding: ids [...] need a table [V, D]", ids.shape(), table.shape());
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
            throw refused("linear: x [N, in] and w [out, in] need bias [out]", x.shape(), w.shape(), bias.shape());
        }
        return result;
    }

    /// The rules of [Ops#addLinear].
    public static Shape addLinear(Tensor y, Tensor h, Weight w) {
        requireOneType("addLinear", "y and h", y, h);
        if (!isMatrix(h) || !isProduct(h, w, y.shape())) {
            throw refused("addLinear: y [N, out] needs h [N, r] and w [out, r]", y.shape(), h.shape(), w.shape());
        }
        return y.shape();
    }

    /// The rules of [Ops#dropout].
    public static Shape dropout(Tensor x, DropoutKey key) {
        return dropout("dropout", "x", x, key);
    }

    static Shape dropout(String operation, String name, Tensor x, DropoutKey key) {
        requireFloats(operation, name, x);
        requireInts(operation, "the key's rows", key.rows());
        if (!isMatrix(x) || !key.rows().shape().equals(Shape.of(x.shape().extent(0), 2))) {
            throw refused(
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
        requireFloats("rmsNorm", "x", x);
        if (!isMatrix(x) || !gain.shape().equals(Shape.of(x.shape().last()))) {
            throw refused("rmsNorm: x [N, D] needs gain [D]", x.shape(), gain.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#layerNorm].
    public static Shape layerNorm(Tensor x, Weight gain, Weight bias) {
        requireFloats("layerNorm", "x", x);
        if (!isMatrix(x)
                || !gain.shape().equals(Shape.of(x.shape().last()))
                || !bias.shape().equals(gain.shape())) {
            throw refused("layerNorm: x [N, D] needs gain [D] and bias [D]", x.shape(), gain.shape(), bias.shape());
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
        requireFloats(operation, name, x);
        requireSumType(operation, "cos and sin", x, cos, sin);
        requireInts(operation, "positions", positions);
        Shape shape = x.shape();
        if (shape.rank() != 3
                || shape.last() % 2 != 0
                || !isMatrix(cos)
                || cos.shape().last() * 2 != shape.last()
                || !sin.shape().equals(cos.shape())
                || !positions.shape().equals(Shape.of(shape.extent(0)))) {
            throw refused(
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
        requireInts("attention", "the key's rows", key.rows());
        if (!key.rows().shape().equals(Shape.of(q.shape().extent(0), 2))) {
            throw refused(
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
        requireOneType("attention", "q, k and v", q, k, v);
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
            throw refused(
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
        requireOneType("swiGlu", "gate and up", gate, up);
        if (!isMatrix(gate) || !up.shape().equals(gate.shape())) {
            throw refused("swiGlu: gate [N, F] needs up [N, F]", gate.shape(), up.shape());
        }
        return gate.shape();
    }

    /// The rules of [Ops#gelu].
    public static Shape gelu(Tensor x) {
        requireFloats("gelu", "x", x);
        if (!isMatrix(x)) {
            throw refused("gelu: x must be [N, F]", x.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#add].
    public static Shape add(Tensor x, Tensor y) {
        requireOneType("add", "x and y", x, y);
        if (!x.shape().equals(y.shape())) {
            throw refused("add: x and y must have one shape", x.shape(), y.shape());
        }
        return x.shape();
    }

    /// The rules of [Ops#gatherRows].
    public static Shape gatherRows(Tensor x, Tensor rows) {
        requireInts("gatherRows", "rows", rows);
        if (!isMatrix(x) || rows.shape().rank() != 1) {
            throw refused("gatherRows: x [N, D] needs rows [R]", x.shape(), rows.shape());
        }
        return Shape.of(rows.count(), x.shape().last());
    }

    /// The rules of [Ops#columns].
    public static Shape columns(Tensor x, long from, long count) {
        requireFloats("columns", "x", x);
        if (!isMatrix(x)) {
            throw refused("columns: x must be [N, D]", x.shape());
        }
        if (from < 0 || count < 0 || from > x.shape().last() - count) {
            throw refused("columns: " + count + " columns from " + from + " on must lie in x [N, D]", x.shape());
        }
        return x.shape().withLast(count);
    }

    /// The rules of [Ops#logits].
    public static Shape logits(Tensor hidden, Weight head) {
        return head("logits", hidden, head);
    }

    /// The rules of [Ops#crossEntropy].
    ///
    /// @return the shape of the values of each row, `[R]`
    public static Shape crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        Tensor targets = scoring.targets();
        Tensor weights = scoring.weights();
        head("crossEntropy", hidden, head);
        requireInts("crossEntropy", "targets", targets);
        requireSumType("crossEntropy", "weights", hidden, weights);
        Shape rows = Shape.of(hidden.shape().extent(0));
        if (!targets.shape().equals(rows) || !weights.shape().equals(rows)) {
            throw refused(
                    "crossEntropy: hidden [R, D] needs targets [R] and weights [R]",
                    hidden.shape(),
                    targets.shape(),
                    weights.shape());
        }
        return rows;
    }

    /// The rules of [Ops#argmax].
    ///
    /// @return the shape of both parts of the prediction, `[R]`
    /// @throws IllegalArgumentException if an id of the rule is outside the vocabulary, or all ids are forbidden
    public static Shape argmax(Tensor hidden, Weight head, TokenRule rule) {
        return prediction("argmax", hidden, head, rule);
    }

    /// The rules of [Ops#sample].
    ///
    /// @return the shape of both parts of the prediction, `[R]`
    /// @throws IllegalArgumentException if an id of the rule is outside the vocabulary, or all ids are forbidden
    public static Shape sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Shape rows = prediction("sample", hidden, head, rule);
        requireSumType("sample", "uniforms", hidden, uniforms);
        if (!uniforms.shape().equals(rows)) {
            throw refused("sample: hidden [R, D] needs uniforms [R]", hidden.shape(), uniforms.shape());
        }
        return rows;
    }

    private static Shape prediction(String operation, Tensor hidden, Weight head, TokenRule rule) {
        Shape logits = head(operation, hidden, head);
        long vocabulary = logits.last();
        requireIds(operation + ": forbidden ids", rule.forbidden(), vocabulary);
        requireIds(
                operation + ": biased ids",
                rule.bias().keySet().stream().sorted().toList(),
                vocabulary);
        requireIds(operation + ": ids ignored in confidence", rule.confidence().ignored(), vocabulary);
        if (rule.forbidden().stream().distinct().count() == vocabulary) {
            throw new IllegalArgumentException(
                    operation + ": a token must be left to choose, but all " + vocabulary + " are forbidden");
        }
        return Shape.of(logits.extent(0));
    }

    private static void requireIds(String what, List<Integer> ids, long vocabulary) {
        for (int position = 0; position < ids.size(); position++) {
            requireIndex(what, ids.get(position), position, vocabulary);
        }
    }

    /// Demands that an index read from a tensor lies in `[0, bound)`.
    ///
    /// @param what the operation and the name of the indices, such as `embedding: ids`
    /// @param index what was read
    /// @param position where it was read
    /// @param bound the number of things it may point at
    /// @throws IllegalArgumentException if it lies outside
    public static void requireIndex(String what, long index, long position, long bound) {
        if (index < 0 || index >= bound) {
            throw new IllegalArgumentException(
                    what + " must be in [0, " + bound + "), but got " + index + " at position " + position);
        }
    }

    static Shape head(String operation, Tensor hidden, Weight head) {
        return product(operation, "hidden", "hidden [R, D] needs head [V, D]", hidden, head);
    }

    private static Shape product(String operation, String name, String rule, Tensor x, Weight w) {
        requireFloats(operation, name, x);
        if (!isMatrix(x)
                || w.shape().rank() != 2
                || x.shape().last() != w.shape().last()) {
            throw refused(operation + ": " + rule, x.shape(), w.shape());
        }
        return Shape.of(x.shape().extent(0), w.shape().extent(0));
    }

    private static boolean isProduct(Tensor x, Weight w, Shape result) {
        return w.shape().rank() == 2
                && w.shape().last() == x.shape().last()
                && result.equals(Shape.of(x.shape().extent(0), w.shape().extent(0)));
    }

    static boolean isMatrix(Tensor tensor) {
        return tensor.shape().rank() == 2;
    }

    static void requireInts(String operation, String name, Tensor tensor) {
        if (tensor.dtype() != DType.I32) {
            throw new ShapeException(operation + ": " + name + " must be I32, but got " + tensor.dtype());
        }
    }

    static void requireFloats(String operation, String name, Tensor tensor) {
        switch (tensor.dtype()) {
            case F64, F32, F16, BF16 -> {}
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new ShapeException(
                        operation + ": " + name + " must be F64, F32, F16 or BF16, but got " + tensor.dtype());
        }
    }

    static void requireOneType(String operation, String names, Tensor... tensors) {
        for (Tensor tensor : tensors) {
            requireFloats(operation, names, tensor);
            if (tensor.dtype() != tensors[0].dtype()) {
                throw new ShapeException(operation + ": " + names + " must be of one type, but got " + types(tensors));
            }
        }
    }

    static void requireSumType(String operation, String names, Tensor activation, Tensor... tensors) {
        DType wanted = sumOf(activation.dtype());
        for (Tensor tensor : tensors) {
            if (tensor.dtype() != wanted) {
                throw new ShapeException(operation + ": " + names + " must be " + wanted + " beside activations of "
                        + activation.dtype() + ", but got " + types(tensors));
            }
        }
    }

    static ShapeException refused(String rule, Shape... got) {
        return new ShapeException(rule + ", but got " + Arrays.toString(got));
    }

    private static String types(Tensor... tensors) {
        return Arrays.stream(tensors)
                .map(tensor -> tensor.dtype().toString())
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
