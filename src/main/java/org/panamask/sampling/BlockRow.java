package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// One row while it is decoded block by block.
final class BlockRow {
    private final BlockSettings settings;
    private final int[] ids;
    private final boolean[] hidden;
    private final double[] probabilities;
    private final List<Window> blocks;
    private final int stepsPerBlock;
    private final int filled;
    private int block = -1;
    private int step;
    private Counts counts = (_, left) -> left;

    BlockRow(SamplerInput input, int b, BlockSampler.Rule rule) {
        settings = rule.settings();
        ids = input.ids(b).clone();
        hidden = new boolean[ids.length];
        probabilities = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            hidden[i] = !input.given(b)[i];
            probabilities[i] = hidden[i] ? 0 : 1;
            ids[i] = hidden[i] ? rule.tokens().mask() : ids[i];
        }
        filled = (int) IntStream.range(0, ids.length).filter(i -> hidden[i]).count();
        int first = IntStream.range(0, ids.length)
                .filter(i -> hidden[i])
                .findFirst()
                .orElse(ids.length);
        blocks = Window.tile(first, ids.length, settings.blockSize());
        int steps = settings.steps().orElse(filled);
        stepsPerBlock = blocks.isEmpty() ? 0 : Math.max(1, Math.ceilDiv(steps, blocks.size()));
    }

    int[] ids() {
        return ids;
    }

    int length() {
        return ids.length;
    }

    int filled() {
        return filled;
    }

    int steps() {
        return stepsPerBlock * blocks.size();
    }

    double[] probabilities() {
        return probabilities;
    }

    /// Goes on to the next step that needs a pass, and says whether there is one.
    boolean advance() {
        if (block < 0 && !enter()) {
            return false;
        }
        while (block < blocks.size()) {
            List<Integer> candidates = candidates();
            boolean full = settings.exactSavings() && candidates.isEmpty();
            if (full || step == stepsPerBlock) {
                enter();
            } else if (settings.exactSavings() && counts.at(step, candidates.size()) == 0) {
                step++;
            } else {
                return true;
            }
        }
        return false;
    }

    private boolean enter() {
        block++;
        step = 0;
        if (block < blocks.size()) {
            counts = Counts.quota(candidates().size(), stepsPerBlock);
        }
        return block < blocks.size();
    }

    /// The hidden columns of the block.
    List<Integer> candidates() {
        Window window = blocks.get(block);
        List<Integer> columns = new ArrayList<>();
        for (int i = window.from(); i < window.to(); i++) {
            if (hidden[i]) {
                columns.add(i);
            }
        }
        return columns;
    }

    /// The columns that the next pass predicts: without savings all of them, as engines do that form all logits.
    List<Integer> asked() {
        return settings.exactSavings()
                ? candidates()
                : IntStream.range(0, ids.length).boxed().toList();
    }

    /// Opens what the step opens of what a pass said.
    void open(Candidates said) {
        Candidates mine = said.only(candidates());
        for (int n : mine.best(counts.at(step, mine.count()))) {
            int column = mine.column(n);
            ids[column] = mine.token(n);
            hidden[column] = false;
            probabilities[column] = mine.confidence(n);
        }
        step++;
    }
}
