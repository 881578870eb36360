package org.panamask.backend.cuda.attention;

import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;

/// A kind of attention that a run asks for.
///
/// @param dtype the type of activations
/// @param width elements of a head
/// @param mask what is known of the mask
/// @param dropout whether probabilities are dropped
public record AttentionCase(DType dtype, int width, MaskFacts mask, boolean dropout) {
    /// The case of `inputs`, whose mask is as `facts` say.
    public static AttentionCase of(AttentionInputs inputs, MaskFacts facts) {
        return new AttentionCase(
                inputs.q().dtype(),
                Math.toIntExact(inputs.q().shape().last()),
                facts,
                inputs.dropout().isPresent());
    }

    @Override
    public String toString() {
        return "heads of " + width + " " + dtype + ", mask " + mask.kind() + (dropout ? ", dropout" : "");
    }
}
