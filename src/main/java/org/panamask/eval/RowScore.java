package org.panamask.eval;

/// What a model makes of one row.
///
/// @param sample the number of the row in the data
/// @param tokens the tokens that are scored
/// @param nll negative log-likelihood of a scored token in nats, or a bound of it
/// @param standardError what the draws of an estimate leave open of `nll`; 0 where nothing is drawn, not a number where
///     it is not known
/// @param work what it took
public record RowScore(long sample, int tokens, double nll, double standardError, Work work) {
    /// The rows that were to be computed, and those that were.
    ///
    /// @param asked noisy rows, equal ones included
    /// @param computed rows that went through the model
    public record Work(long asked, long computed) {
        Work plus(Work other) {
            return new Work(asked + other.asked, computed + other.computed);
        }
    }

    /// A number of which nothing more is known, from one row.
    public RowScore(long sample, int tokens, double nll) {
        this(sample, tokens, nll, Double.NaN, new Work(1, 1));
    }
}
