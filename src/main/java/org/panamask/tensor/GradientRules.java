package org.panamask.tensor;

import java.util.List;

/// What every operation of [BackwardOps] demands of the shapes and types it is given; [ShapeRules] has those of [Ops].
public final class GradientRules {
    private GradientRules() {}

    /// The rules of [BackwardOps#copy].
    public static void copy(Tensor from, Tensor to) {
        if (from.count() != to.count()) {
            throw Operands.refused("copy: both tensors must have one number of elements", from.shape(), to.shape());
        }
        if (from.dtype() != to.dtype()) {
            Operands.requireFloats("copy", "a source of another type", from);
            Operands.requireFloats("copy", "a target of another type", to);
        }
    }

    /// The rules of [BackwardOps#accumulate].
    public static void accumulate(Tensor x, Into into) {
        Operands.requireFloats("accumulate", "x", x);
        Operands.requireFloats("accumulate", "the sum", into.tensor());
        if (x.count() != into.tensor().count()) {
            throw Operands.refused(
                    "accumulate: x and the sum must have one number of elements",
                    x.shape(),
                    into.tensor().shape());
        }
    }

    /// The rules of [BackwardOps#embeddingBackward].
    public static void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        Operands.requireFloats("embeddingBackward", "dy", dy);
        Operands.requireInts("embeddingBackward", "ids", ids);
        Operands.requireSumType("embeddingBackward", "table", dy, table);
        if (!Operands.isMatrix(dy)
                || !Operands.isMatrix(table)
                || dy.shape().extent(0) != ids.count()
                || dy.shape().last() != table.shape().last()) {
            throw Operands.refused(
                    "embeddingBackward: dy [N, D] needs N ids and a table [V, D]",
                    dy.shape(),
                    ids.shape(),
                    table.shape());
        }
    }

    /// The rules of [BackwardOps#linearBackward].
    public static void linearBackward(Tensor dy, Weight w, Into dx) {
        Operands.requireOneType("linearBackward", "dy and dx", dy, dx.tensor());
        Shape weight = w.shape();
        if (!Operands.isMatrix(dy)
                || weight.rank() != 2
                || dy.shape().last() != weight.extent(0)
                || !dx.tensor().shape().equals(dy.shape().withLast(weight.last()))) {
            throw Operands.refused(
                    "linearBackward: dy [N, out] needs w [out, in] and dx [N, in]",
                    dy.shape(),
                    weight,
                    dx.tensor().shape());
        }
    }

    /// The rules of [BackwardOps#linearWeightBackward].
    public static void linearWeightBackward(Tensor dy, Tensor x, Tensor dw) {
        Operands.requireOneType("linearWeightBackward", "dy and x", dy, x);
        Operands.requireSumType("linearWeightBackward", "dw", dy, dw);
        if (!Operands.isMatrix(dy)
                || !Operands.isMatrix(x)
                || dy.shape().extent(0) != x.shape().extent(0)
                || !dw.shape().equals(Shape.of(dy.shape().last(), x.shape().last()))) {
            throw Operands.refused(
                    "linearWeightBackward: dy [N, out] needs x [N, in] and dw [out, in]",
                    dy.shape(),
                    x.shape(),
                    dw.shape());
        }
    }

    /// The rules of [BackwardOps#biasBackward].
    public static void biasBackward(Tensor dy, Tensor dbias) {
        Operands.requireFloats("biasBackward", "dy", dy);
        Operands.requireSumType("biasBackward", "dbias", dy, dbias);
        if (!Operands.isMatrix(dy) || !dbias.shape().equals(Shape.of(dy.shape().last()))) {
            throw Operands.refused("biasBackward: dy [N, out] needs dbias [out]", dy.shape(), dbias.shape());
        }
    }

    /// The rules of [BackwardOps#dropoutBackward].
    public static void dropoutBackward(Tensor dy, DropoutKey key, Into dx) {
        ShapeRules.dropout("dropoutBackward", "dy", dy, key);
        requireLike("dropoutBackward", "dy", dy, "dx", dx.tensor());
    }

    /// The rules of [BackwardOps#rmsNormBackward].
    public static void rmsNormBackward(Tensor dy, Tensor x, Weight gain, Into dx) {
        requireLike("rmsNormBackward", "dy", dy, "x", x);
        requireLike("rmsNormBackward", "dy", dy, "dx", dx.tensor());
        if (!Operands.isMatrix(x) || !gain.shape().equals(Shape.of(x.shape().last()))) {
            throw Operands.refused("rmsNormBackward: x [N, D] needs gain [D]", x.shape(), gain.shape());
        }
    }

    /// The rules of [BackwardOps#rmsNormGainBackward].
    public static void rmsNormGainBackward(Tensor dy, Tensor x, Tensor dgain) {
        requireLike("rmsNormGainBackward", "dy", dy, "x", x);
        Operands.requireSumType("rmsNormGainBackward", "dgain", dy, dgain);
        if (!Operands.isMatrix(x) || !dgain.shape().equals(Shape.of(x.shape().last()))) {
            throw Operands.refused("rmsNormGainBackward: x [N, D] needs dgain [D]", x.shape(), dgain.shape());
        }
    }

    /// The rules of [BackwardOps#layerNormBackward].
    public static void layerNormBackward(Tensor dy, Tensor x, Weight gain, Into dx) {
        requireLike("layerNormBackward", "dy", dy, "x", x);
        requireLike("layerNormBackward", "dy", dy, "dx", dx.tensor());
        if (!Operands.isMatrix(x) || !gain.shape().equals(Shape.of(x.shape().last()))) {
            throw Operands.refused("layerNormBackward: x [N, D] needs gain [D]", x.shape(), gain.shape());
        }
    }

    /// The rules of [BackwardOps#layerNormGainBackward].
    public static void layerNormGainBackward(Tensor dy, Tensor x, Tensor dgain) {
        requireLike("layerNormGainBackward", "dy", dy, "x", x);
        Operands.requireSumType("layerNormGainBackward", "dgain", dy, dgain);
        if (!Operands.isMatrix(x) || !dgain.shape().equals(Shape.of(x.shape().last()))) {
            throw Operands.refused("layerNormGainBackward: x [N, D] needs dgain [D]", x.shape(), dgain.shape());
        }
    }

    /// The rules of [BackwardOps#rotateBackward].
    public static void rotateBackward(Tensor dy, Ops.Rotation rotation, Into dx) {
        ShapeRules.rotate("rotateBackward", "dy", dy, rotation);
        requireLike("rotateBackward", "dy", dy, "dx", dx.tensor());
    }

    /// The rules of [BackwardOps#attentionBackward].
    public static void attentionBackward(Tensor dy, BackwardOps.AttentionInputs inputs, Into dq, Into dk, Into dv) {
        ShapeRules.attention(inputs.q(), inputs.k(), inputs.v(), inputs.mask(), inputs.dropout());
        requireLike("attentionBackward", "q", inputs.q(), "dy", dy);
        requireLike("attentionBackward", "q", inputs.q(), "dq", dq.tensor());
        requireLike("attentionBackward", "k", inputs.k(), "dk", dk.tensor());
        requireLike("attentionBackward", "v", inputs.v(), "dv", dv.tensor());
    }

    /// The rules of [BackwardOps#swiGluBackward].
    public static void swiGluBackward(Tensor dy, Tensor gate, Tensor up, Into dgate, Into dup) {
        ShapeRules.swiGlu(gate, up);
        requireLike("swiGluBackward", "gate", gate, "dy", dy);
        requireLike("swiGluBackward", "gate", gate, "dgate", dgate.tensor());
        requireLike("swiGluBackward", "gate", gate, "dup", dup.tensor());
    }

    /// The rules of [BackwardOps#geluBackward].
    public static void geluBackward(Tensor dy, Tensor x, Into dx) {
        ShapeRules.gelu(x);
        requireLike("geluBackward", "x", x, "dy", dy);
        requireLike("geluBackward", "x", x, "dx", dx.tensor());
    }

    /// The rules of [BackwardOps#columnsBackward].
    public static void columnsBackward(Tensor dy, long from, Into dx) {
        Operands.requireOneType("columnsBackward", "dy and dx", dy, dx.tensor());
        Shape whole = dx.tensor().shape();
        if (!Operands.isMatrix(dy)
                || !dy.shape().equals(whole.withLast(dy.shape().last()))
                || from < 0
                || from > whole.last() - dy.shape().last()) {
            throw Operands.refused(
                    "columnsBackward: dy [N, count] must lie in dx [N, D] from column " + from + " on",
                    dy.shape(),
                    whole);
        }
    }

    /// The rules of [BackwardOps#gatherRowsBackward].
    public static void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        Operands.requireOneType("gatherRowsBackward", "dy and dx", dy, dx.tensor());
        Operands.requireInts("gatherRowsBackward", "rows", rows);
        if (!Operands.isMatrix(dy)
                || !rows.shape().equals(Shape.of(dy.shape().extent(0)))
                || !Operands.isMatrix(dx.tensor())
                || dx.tensor().shape().last() != dy.shape().last()) {
            throw Operands.refused(
                    "gatherRowsBackward: dy [R, D] needs rows [R] and dx [N, D]",
                    dy.shape(),
                    rows.shape(),
                    dx.tensor().shape());
        }
    }

    /// The rules of [BackwardOps#crossEntropyWithGradients].
    ///
    /// @return the shape of the values of each row, `[R]`
    public static Shape crossEntropyWithGradients(
            Tensor hidden, Weight head, Scoring scoring, BackwardOps.CrossEntropyGradients gradients) {
        final Shape rows = HeadRules.crossEntropy(hidden, head, scoring);
        if (gradients.hidden().size() > 1 || gradients.head().size() > 1) {
            throw new ShapeException(
                    "crossEntropyWithGradients: at most one gradient of hidden and one of head, but got "
                            + gradients.hidden().size() + " and "
                            + gradients.head().size());
        }
        for (Tensor gradient : gradients.hidden()) {
            requireLike("crossEntropyWithGradients", "hidden", hidden, "the gradient of hidden", gradient);
        }
        for (Tensor gradient : gradients.head()) {
            Operands.requireSumType("crossEntropyWithGradients", "the gradient of head", hidden, gradient);
            if (!gradient.shape().equals(head.shape())) {
                throw Operands.refused(
                        "crossEntropyWithGradients: head [V, D] needs a gradient [V, D]",
                        head.shape(),
                        gradient.shape());
            }
        }
        return rows;
    }

    /// The rules of [BackwardOps#sumOfSquares].
    ///
    /// @return `[1]`
    public static Shape sumOfSquares(List<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            Operands.requireFloats("sumOfSquares", "tensors", tensor);
        }
        return Shape.of(1);
    }

    /// The rules of [BackwardOps#adamW].
    ///
    /// @throws IllegalArgumentException if the weight is frozen or the step does not count from 1
    public static void adamW(Weight w, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        if (!w.trainable()) {
            throw new IllegalArgumentException("adamW: the weight must be trainable, but " + w.name() + " is frozen");
        }
        if (step.step() < 1) {
            throw new IllegalArgumentException("adamW: steps count from 1, but got " + step.step());
        }
        Operands.requireOneType("adamW", "gradient, mean and mean square", gradient, mean, meanSquare);
        if (!gradient.shape().equals(w.shape())
                || !mean.shape().equals(w.shape())
                || !meanSquare.shape().equals(w.shape())) {
            throw Operands.refused(
                    "adamW: the weight " + w.name() + " needs gradient, mean and mean square of its shape",
                    w.shape(),
                    gradient.shape(),
                    mean.shape(),
                    meanSquare.shape());
        }
    }

    private static void requireLike(String operation, String name, Tensor model, String otherName, Tensor other) {
        Operands.requireOneType(operation, name + " and " + otherName, model, other);
        if (!other.shape().equals(model.shape())) {
            throw Operands.refused(
                    operation + ": " + name + " and " + otherName + " must have one shape",
                    model.shape(),
                    other.shape());
        }
    }
}
