package org.panamask.sampling;

import java.util.List;

/// Asks the model for tokens of columns.
interface Predictor {
    /// What the model says of each row's columns, in one pass.
    List<Candidates> predict(List<Asked> asked);

    /// The columns of all passes for which the first layer formed nothing of its own, see [Savings#equalTokens].
    long equalTokens();
}
