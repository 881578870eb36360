package org.panamask.eval;

import java.util.List;

/// The likelihood of one model on rows.
///
/// @param subject the model
/// @param all the rows; those without a token to score do not count
/// @param warnings what a person should know of the data, a sentence each
/// @param fingerprint of the token ids of all rows, and of which of them are scored
/// @param seconds wall-clock time of scoring
public record NllResult(Subject subject, List<RowScore> all, List<String> warnings, long fingerprint, double seconds)
        implements Measured {
    /// Copies the list.
    public NllResult {
        all = List.copyOf(all);
        warnings = List.copyOf(warnings);
    }

    /// The rows that have something to score.
    public List<RowScore> rows() {
        return all.stream().filter(row -> row.tokens() > 0).toList();
    }

    /// The number of rows that have nothing to score.
    public int leftOut() {
        return all.size() - rows().size();
    }

    /// Nats for a token, of each row; in the mean each row counts the same.
    @Override
    public double[] values() {
        return rows().stream().mapToDouble(RowScore::nll).toArray();
    }

    /// Whether the numbers are bounds, as for diffusion models, instead of exact.
    public boolean isBound() {
        return switch (subject.method()) {
            case Method.Diffusion(boolean _, Estimator estimator) -> estimator.isBound();
            case Method.Autoregressive _ -> false;
        };
    }

    /// What the draws of an estimate leave open of the mean: the root of the sum of the rows' squared errors by
    /// their number. It is part of the standard error over rows. Not a number where it is not known.
    public double drawError() {
        double squares = rows().stream()
                .mapToDouble(row -> row.standardError() * row.standardError())
                .sum();
        return Math.sqrt(squares) / rows().size();
    }

    /// The rows that were to be computed, and those that were.
    public RowScore.Work work() {
        return all.stream().map(RowScore::work).reduce(new RowScore.Work(0, 0), RowScore.Work::plus);
    }

    /// `exp` of the mean: a perplexity for an exact likelihood, a bound of one else.
    public double perplexity() {
        return Math.exp(mean().value());
    }

    /// The tokens that were scored.
    public long tokens() {
        return all.stream().mapToLong(RowScore::tokens).sum();
    }

    /// Wall-clock seconds for a row.
    public double secondsPerRow() {
        return seconds / all.size();
    }
}
