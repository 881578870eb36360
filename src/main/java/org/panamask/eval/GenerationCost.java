package org.panamask.eval;

/// What generating cost. Only generated tokens count: those of an answer up to its end token, which is one of them;
/// neither prompts nor the padding behind the end.
///
/// @param rows answers
/// @param tokens tokens of all answers
/// @param rowForwards forward passes of each row, summed over the rows
/// @param forwards forward passes, of several rows at once
/// @param seconds wall-clock time
public record GenerationCost(int rows, long tokens, long rowForwards, long forwards, double seconds) {
    /// Nothing generated yet.
    static final GenerationCost NONE = new GenerationCost(0, 0, 0, 0, 0);

    GenerationCost plus(GenerationCost more) {
        return new GenerationCost(
                rows + more.rows,
                tokens + more.tokens,
                rowForwards + more.rowForwards,
                forwards + more.forwards,
                seconds + more.seconds);
    }

    /// Seconds for an answer.
    public double secondsPerRow() {
        return seconds / rows;
    }

    /// Forward passes that an answer took part in.
    public double forwardsPerRow() {
        return (double) rowForwards / rows;
    }

    /// Tokens of an answer for each of its forward passes.
    public double tokensPerForward() {
        return rowForwards == 0 ? 0 : (double) tokens / rowForwards;
    }

    /// Tokens of all answers for a second.
    public double tokensPerSecond() {
        return tokens / seconds;
    }
}
