package org.panamask.sampling;

/// How many columns of a block open at each step, where that does not depend on what the model says.
@FunctionalInterface
interface Counts {
    /// How many of `hidden` columns open in `step`, counted from 0.
    int at(int step, int hidden);

    /// LLaDA's: `hidden` columns in equal parts, the first steps one more where they do not divide.
    ///
    /// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, generate.py, get_num_transfer_tokens</a>
    static Counts quota(int hidden, int steps) {
        return (step, left) -> Math.min(left, hidden / steps + (step < hidden % steps ? 1 : 0));
    }
}
