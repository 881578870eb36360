package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;

/// Says for one block of a row which hidden columns open in a step.
interface BlockRule {
    /// Whether the block has no such step, though columns may be hidden.
    boolean isOver(int step);

    /// The hidden columns whose prediction the step needs; none if nothing opens whatever the model says.
    List<Integer> wanted(BlockStep at);

    /// The columns that open, given what the model says of the wanted ones.
    List<Integer> open(BlockStep at, Candidates said);

    /// The passes of the block when nothing is left out; -1 where that depends on what the model says.
    int passes();

    /// Counts, and the surest columns; or under a temperature, columns drawn by how sure they are.
    ///
    /// @param counts how many open
    /// @param temperature of the order; 0 takes the surest
    /// @param draws random numbers
    record Surest(Counts counts, double temperature, Draws draws) implements BlockRule {
        @Override
        public boolean isOver(int step) {
            return step >= counts.steps();
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            return count(counts, at) == 0 ? List.of() : at.hidden();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            List<Integer> order = temperature == 0 ? said.byScore() : drawn(at, said);
            return order.stream().limit(count(counts, at)).map(said::column).toList();
        }

        /// The largest of `softmax(score / temperature) / e` with exponential `e`, which draws without putting
        /// back.
        private List<Integer> drawn(BlockStep at, Candidates said) {
            double[] keys = new double[said.count()];
            Arrays.setAll(
                    keys, n -> said.score(n) / temperature - Math.log(draws.exponential(at.place(said.column(n)))));
            return Candidates.byFalling(keys);
        }

        @Override
        public int passes() {
            return counts.steps();
        }
    }

    /// Counts, and any columns.
    ///
    /// @param counts how many open
    /// @param draws random numbers
    record Random(Counts counts, Draws draws) implements BlockRule {
        @Override
        public boolean isOver(int step) {
            return step >= counts.steps();
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            double[] keys = new double[at.hidden().size()];
            Arrays.setAll(keys, n -> draws.uniform(at.place(at.hidden().get(n))));
            return Candidates.byFalling(keys).stream()
                    .limit(count(counts, at))
                    .map(at.hidden()::get)
                    .sorted()
                    .toList();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            return said.all();
        }

        @Override
        public int passes() {
            return counts.steps();
        }
    }

    /// Each column by chance, independently of the others.
    ///
    /// @param shares the chance of each step
    /// @param steps of the block
    /// @param draws random numbers
    record Origin(Shares shares, int steps, Draws draws) implements BlockRule {
        @Override
        public boolean isOver(int step) {
            return step >= steps;
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            float chance = shares.at(at.step(), steps);
            return at.hidden().stream()
                    .filter(column -> (float) draws.uniform(at.place(column)) < chance)
                    .toList();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            return said.all();
        }

        @Override
        public int passes() {
            return steps;
        }
    }

    /// Whatever a rule accepts of what the model says, until the block is full.
    ///
    /// @param acceptance the rule
    record Judged(Acceptance acceptance) implements BlockRule {
        @Override
        public boolean isOver(int step) {
            return false;
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            return at.hidden();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            return said.count() == 0
                    ? List.of()
                    : acceptance.accept(said).stream().map(said::column).toList();
        }

        @Override
        public int passes() {
            return -1;
        }
    }

    /// [Judged] by a threshold that falls from 1 with every pass of the text.
    ///
    /// @param above the rule of a threshold
    /// @param decay what each pass takes from it
    /// @param least where it ends
    record Falling(DoubleFunction<Acceptance> above, double decay, double least) implements BlockRule {
        @Override
        public boolean isOver(int step) {
            return false;
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            return at.hidden();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            return new Judged(above.apply(Math.max(1 - decay * at.clock(), least))).open(at, said);
        }

        @Override
        public int passes() {
            return -1;
        }
    }

    /// Fast-dLLM's for Dream: of as many of the surest as the step may open, the best and those that are sure
    /// enough; what is not sure enough may open later, and steps are added at the end for what is left.
    final class Budget implements BlockRule {
        private final double threshold;
        private int base;
        private int steps;
        private int left;

        /// Opens `hidden` columns in about `steps` steps.
        Budget(double threshold, int hidden, int steps) {
            this.threshold = threshold;
            this.base = Math.ceilDiv(hidden, steps);
            this.steps = steps;
        }

        @Override
        public boolean isOver(int step) {
            return step >= steps;
        }

        @Override
        public List<Integer> wanted(BlockStep at) {
            return at.hidden();
        }

        @Override
        public List<Integer> open(BlockStep at, Candidates said) {
            List<Integer> looked = said.byScore().stream().limit(base + left).toList();
            List<Integer> open = new ArrayList<>(looked.stream()
                    .filter(n -> n.equals(looked.getFirst()) || said.probability(n) >= threshold)
                    .map(said::column)
                    .toList());
            left = looked.size() - open.size();
            if (at.step() == steps - 1) {
                steps += left;
                base = 0;
            }
            return open;
        }

        @Override
        public int passes() {
            return -1;
        }
    }

    private static int count(Counts counts, BlockStep at) {
        return Math.min(at.hidden().size(), counts.at(at.step(), at.masks()));
    }
}
