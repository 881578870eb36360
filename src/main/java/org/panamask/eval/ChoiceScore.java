package org.panamask.eval;

import java.util.Collections;
import java.util.List;

/// What a model makes of the choices of one question.
///
/// @param nll of each choice, in nats for a token
/// @param answer the number of the right one
public record ChoiceScore(List<Double> nll, int answer) {
    /// Keeps its own copy.
    public ChoiceScore {
        nll = List.copyOf(nll);
    }

    /// The choice of the lowest nll; of several such, the first.
    public int chosen() {
        return nll.indexOf(Collections.min(nll));
    }

    /// Whether another choice is as likely as the chosen one.
    public boolean isTied() {
        return nll.lastIndexOf(Collections.min(nll)) != chosen();
    }

    /// Whether the right choice was made.
    public boolean isRight() {
        return chosen() == answer;
    }
}
