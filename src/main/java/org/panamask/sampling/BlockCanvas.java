package org.panamask.sampling;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// The columns of a row: which are free, which of those are still hidden, and what stands in them.
final class BlockCanvas {
    private final Decoding decoding;
    private final int place;
    private final long sample;
    private final int[] ids;
    private final boolean[] free;
    private final boolean[] hidden;
    private final double[] probabilities;
    private final Set<Integer> end;
    private final boolean answer;
    private final List<Window> blocks;
    private int scanned;

    BlockCanvas(SamplerInput input, int b, Decoding decoding) {
        this.decoding = decoding;
        place = b;
        sample = input.sample(b);
        ids = input.ids(b).clone();
        free = new boolean[ids.length];
        probabilities = new double[ids.length];
        int mask = decoding.tokens().mask();
        boolean[] given = input.given(b);
        for (int i = 0; i < ids.length; i++) {
            free[i] = !given[i] || decoding.imitates() && ids[i] == mask;
            ids[i] = free[i] ? mask : ids[i];
            probabilities[i] = free[i] ? 0 : 1;
        }
        hidden = free.clone();
        int start = IntStream.range(0, ids.length)
                .filter(i -> !given[i])
                .findFirst()
                .orElse(ids.length);
        boolean follows = IntStream.range(start, ids.length).allMatch(i -> free[i]);
        answer = follows && input.tiling() == SamplerInput.Tiling.AFTER_PROMPT;
        end = new HashSet<>(decoding.end());
        int from = input.tiling() == SamplerInput.Tiling.WHOLE_ROW ? 0 : start;
        blocks = Window.tile(from, ids.length, decoding.settings().blockSize());
        scanned = start;
    }

    int place() {
        return place;
    }

    long sample() {
        return sample;
    }

    int[] ids() {
        return ids;
    }

    int length() {
        return ids.length;
    }

    double[] probabilities() {
        return probabilities;
    }

    List<Window> blocks() {
        return blocks;
    }

    int freeCount() {
        return SamplerRow.count(free);
    }

    int hiddenCount() {
        return SamplerRow.count(hidden);
    }

    boolean isHidden(int column) {
        return hidden[column];
    }

    /// The hidden columns of `[from, to)`.
    List<Integer> hidden(int from, int to) {
        return IntStream.range(from, to).filter(i -> hidden[i]).boxed().toList();
    }

    /// The free columns of `[from, to)` that are not hidden.
    List<Integer> open(int from, int to) {
        return IntStream.range(from, to)
                .filter(i -> free[i] && !hidden[i])
                .boxed()
                .toList();
    }

    /// Puts a token into a column, and says whether it is one: a mask token leaves the column hidden.
    boolean open(int column, int token, double probability) {
        ids[column] = token;
        hidden[column] = token == decoding.tokens().mask();
        probabilities[column] = hidden[column] ? 0 : probability;
        return !hidden[column];
    }

    /// The canvas with everything hidden that was given, but for tokens that guidance keeps.
    int[] withoutPrompt() {
        Set<Integer> kept =
                new HashSet<>(TokenNames.ids(decoding.settings().guidance().cfgKeepTokens(), decoding.tokens()));
        int[] hiddenPrompt = ids.clone();
        for (int i = 0; i < ids.length; i++) {
            if (!free[i] && !kept.contains(ids[i])) {
                hiddenPrompt[i] = decoding.tokens().mask();
            }
        }
        return hiddenPrompt;
    }

    /// Whether everything up to the first end token of the answer is open. Rows with given columns behind free ones
    /// have no answer that could end.
    boolean isAnswered() {
        while (answer && scanned < ids.length && !hidden[scanned]) {
            if (end.contains(ids[scanned])) {
                return true;
            }
            scanned++;
        }
        return false;
    }

    /// Whether a free column of `block` holds an end token.
    boolean endsWithin(Window block) {
        return answer && IntStream.range(block.from(), block.to()).anyMatch(i -> free[i] && end.contains(ids[i]));
    }

    /// Fills everything from `from` on with the end of text.
    void fillFrom(int from) {
        for (int i = from; i < ids.length; i++) {
            open(i, decoding.end().getFirst(), 0);
        }
    }

    /// Fills everything behind the first end token of the answer with that token.
    void cut() {
        int first = answer
                ? IntStream.range(0, ids.length)
                        .filter(i -> free[i] && end.contains(ids[i]))
                        .findFirst()
                        .orElse(ids.length)
                : ids.length;
        for (int i = first + 1; i < ids.length; i++) {
            open(i, ids[first], 0);
        }
    }

    /// Lets the caller's hook change the canvas after `step`.
    void hook(int step) {
        decoding.hooks().tokens().ifPresent(hook -> {
            int[] before = ids.clone();
            hook.change(step, place, ids);
            for (int i = 0; i < ids.length; i++) {
                hidden[i] = free[i] && ids[i] == decoding.tokens().mask();
                if (ids[i] != before[i]) {
                    probabilities[i] = hidden[i] ? 0 : 1;
                    scanned = Math.min(scanned, i);
                }
            }
        });
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }
}
