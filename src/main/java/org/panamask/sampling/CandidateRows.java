package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The hidden states that predict the columns asked for, each once, row after row; with guidance those of a second
/// batch without prompts are subtracted.
///
/// @param model the model
/// @param decoding what is asked for
record CandidateRows(Denoiser model, Decoding decoding) {
    /// The columns of `one` that have a hidden state of their own: where states are shifted, columns 0 and 1 share
    /// one.
    List<Integer> columns(Asked one) {
        Alignment alignment = decoding.alignment();
        List<Integer> columns = new ArrayList<>();
        int source = -1;
        for (int column : one.columns()) {
            if (alignment.source(column) != source) {
                source = alignment.source(column);
                columns.add(column);
            }
        }
        return columns;
    }

    /// The hidden states `[R, D]` in the order of [#columns].
    Tensor of(Ops ops, List<Asked> asked) {
        double scale = decoding.settings().guidance().cfgScale();
        int tokens = asked.stream().mapToInt(one -> one.row().length()).max().orElseThrow();
        List<int[]> rows = new ArrayList<>();
        asked.forEach(one -> rows.add(one.row().ids()));
        if (scale > 0) {
            asked.forEach(one -> rows.add(one.row().withoutPrompt()));
        }
        int[] ids = new int[rows.size() * tokens];
        List<Integer> wanted = new ArrayList<>();
        for (int b = 0; b < rows.size(); b++) {
            System.arraycopy(rows.get(b), 0, ids, b * tokens, rows.get(b).length);
            int first = b * tokens;
            columns(asked.get(b % asked.size()))
                    .forEach(column -> wanted.add(first + decoding.alignment().source(column)));
        }
        Canvas canvas = Canvas.of(rows.size(), tokens, ids)
                .withMask(mask(rows, tokens))
                .withRows(wanted.stream().mapToInt(row -> row).toArray());
        Tensor hidden = model.hidden(ops, canvas);
        if (scale == 0) {
            return hidden;
        }
        int half = wanted.size() / 2;
        return ops.extrapolate(rows(ops, hidden, half, 2 * half), rows(ops, hidden, 0, half), scale + 1);
    }

    private static Tensor rows(Ops ops, Tensor hidden, int from, int to) {
        int[] chosen = IntStream.range(from, to).toArray();
        return ops.gatherRows(hidden, ops.upload(Shape.of(chosen.length), chosen));
    }

    private static AttentionMask mask(List<int[]> rows, int tokens) {
        int[] lengths = rows.stream().mapToInt(row -> row.length).toArray();
        return Arrays.stream(lengths).allMatch(length -> length == tokens)
                ? new AttentionMask.Full()
                : new AttentionMask.Lengths(Arrays.stream(lengths).boxed().toList());
    }
}
