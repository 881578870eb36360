package org.panamask.diffusion;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.panamask.tensor.AttentionMask;

/// A text by itself, some of whose tokens are to be scored: the answer behind a prompt, or all of a document.
public final class ScoredText {
    private final int[] ids;
    private final int[] columns;
    private final long sample;

    private ScoredText(int[] ids, int[] columns, long sample) {
        this.ids = ids;
        this.columns = columns;
        this.sample = sample;
    }

    /// The text `ids` whose tokens at `columns`, ascending, are to be scored; `sample` names its noise.
    ///
    /// @throws IllegalArgumentException if there are no such columns, or they do not ascend within the text
    public static ScoredText of(int[] ids, int[] columns, long sample) {
        for (int i = 0; i < columns.length; i++) {
            if (columns[i] < (i == 0 ? 0 : columns[i - 1] + 1) || columns[i] >= ids.length) {
                throw new IllegalArgumentException("scored text: columns must ascend within " + ids.length
                        + " tokens, but got " + columns[i] + " at " + i);
            }
        }
        if (columns.length == 0) {
            throw new IllegalArgumentException("scored text: at least one token must be scored, but got none");
        }
        return new ScoredText(ids.clone(), columns.clone(), sample);
    }

    /// The text of `prompt` and, to be scored, `answer`; `sample` names its noise.
    ///
    /// @throws IllegalArgumentException if the answer is empty
    public static ScoredText answer(int[] prompt, int[] answer, long sample) {
        int[] ids = IntStream.concat(IntStream.of(prompt), IntStream.of(answer)).toArray();
        return of(ids, IntStream.range(prompt.length, ids.length).toArray(), sample);
    }

    /// Row `b` of `rows`, which are not packed, without what the model does not see: scored is what noise may hide
    /// and `alignment` predicts. Empty if that is nothing.
    public static Optional<ScoredText> row(TokenRows rows, int b, Alignment alignment) {
        int first = b * rows.tokens();
        int length = rows.visible() instanceof AttentionMask.Lengths lengths
                ? lengths.lengths().get(b)
                : rows.tokens();
        int[] columns = IntStream.range(0, length)
                .filter(i -> rows.maskable()[first + i] && alignment.predicts(i))
                .toArray();
        int[] ids = Arrays.copyOfRange(rows.ids(), first, first + length);
        return columns.length == 0 ? Optional.empty() : Optional.of(of(ids, columns, rows.samples()[b]));
    }

    /// The tokens.
    int[] ids() {
        return ids;
    }

    /// The columns that are scored.
    int[] columns() {
        return columns;
    }

    /// The number of tokens that are scored.
    public int scored() {
        return columns.length;
    }

    /// The global sample index, which names the noise.
    public long sample() {
        return sample;
    }
}
