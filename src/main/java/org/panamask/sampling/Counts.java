package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;

/// How many columns of a block open at each step, where that does not depend on what the model says.
interface Counts {
    /// The steps of the block.
    int steps();

    /// How many of `left` hidden columns open in `step`, counted from 0.
    int at(int step, float left);

    /// LLaDA's: `hidden` columns in equal parts, the first steps one more where they do not divide.
    ///
    /// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, generate.py, get_num_transfer_tokens</a>
    static Counts quota(int hidden, int steps) {
        List<Integer> counts = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            counts.add(hidden / steps + (step < hidden % steps ? 1 : 0));
        }
        return new Listed(counts);
    }

    /// Dream's: the share of `shares` of what is left, rounded down, and everything in the last step. Single
    /// precision decides some roundings, as in the reference.
    static Counts shares(Shares shares, int steps) {
        return new Falling(shares, steps);
    }

    /// dllm's: the share of what is left, rounded to even; steps that would open nothing are dropped.
    ///
    /// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, core/samplers/utils.py,
    ///     get_num_transfer_tokens</a>
    static Counts rounded(Shares shares, int hidden, int steps) {
        List<Integer> counts = new ArrayList<>();
        int left = hidden;
        for (int step = 0; step < steps; step++) {
            int count = (int) Math.rint((float) left * shares.at(step, steps));
            left -= count;
            if (count > 0) {
                counts.add(count);
            }
        }
        return new Listed(counts);
    }

    /// The same with each count drawn from the binomial distribution.
    static Counts drawn(Shares shares, int hidden, int steps, Draws draws, BlockStep at) {
        List<Integer> counts = new ArrayList<>();
        int left = hidden;
        for (int step = 0; step < steps; step++) {
            int count = draws.binomial(left, shares.at(step, steps), at.sample(), at.clock() + step);
            left -= count;
            if (count > 0) {
                counts.add(count);
            }
        }
        return new Listed(counts);
    }

    /// Counts that are known when the block starts.
    ///
    /// @param counts of each step
    record Listed(List<Integer> counts) implements Counts {
        /// Keeps its own copy.
        public Listed {
            counts = List.copyOf(counts);
        }

        @Override
        public int steps() {
            return counts.size();
        }

        @Override
        public int at(int step, float left) {
            return counts.get(step);
        }
    }

    /// Shares of what is left.
    ///
    /// @param shares of each step
    /// @param steps of the block
    record Falling(Shares shares, int steps) implements Counts {
        @Override
        public int at(int step, float left) {
            return step == steps - 1 ? (int) left : (int) (left * shares.at(step, steps));
        }
    }
}
