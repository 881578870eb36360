package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.TokenRule;

/// Completes rows from left to right with the likeliest next token under causal attention: the baseline that samplers
/// are compared with. Every pass computes its rows anew.
///
/// @param model the model
/// @param passes where its passes run
/// @param endTokens each ends a row
/// @param padToken fills what follows the end
public record CausalDecoder(Denoiser model, Passes passes, List<Integer> endTokens, int padToken) {
    /// Keeps its own copy of the end tokens.
    public CausalDecoder {
        endTokens = List.copyOf(endTokens);
    }

    /// Fills columns of each row from its prompt's length to its end; prompts may differ in length. What stands in
    /// the columns to fill does not matter.
    ///
    /// @param ids of each row; at least one column is a prompt
    /// @param prompts the length of each row's prompt
    /// @throws IllegalArgumentException if a prompt is empty or longer than its row
    public SamplerResult decode(int[][] ids, int[] prompts) {
        List<int[]> rows = Arrays.stream(ids).map(int[]::clone).toList();
        int[] lengths = prompts.clone();
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < 1 || lengths[b] > ids[b].length) {
                throw new IllegalArgumentException("causal decoder: the prompt of row " + b + " must have from 1 to "
                        + ids[b].length + " tokens, but got " + lengths[b]);
            }
        }
        int forwards = 0;
        int rowForwards = 0;
        boolean[] ended = new boolean[lengths.length];
        while (true) {
            List<Integer> now = active(rows, lengths, ended);
            if (now.isEmpty()) {
                break;
            }
            int[] next = passes.run(ops -> pass(ops, rows, lengths, now));
            for (int n = 0; n < next.length; n++) {
                int b = now.get(n);
                rows.get(b)[lengths[b]++] = next[n];
                ended[b] = endTokens.contains(next[n]);
            }
            forwards++;
            rowForwards += next.length;
        }
        for (int b = 0; b < lengths.length; b++) {
            Arrays.fill(rows.get(b), lengths[b], rows.get(b).length, padToken);
        }
        int filled = Arrays.stream(lengths).sum() - Arrays.stream(prompts).sum();
        return new SamplerResult(rows, List.of(), new SamplerResult.Work(forwards, rowForwards, filled), Savings.NONE);
    }

    private static List<Integer> active(List<int[]> rows, int[] lengths, boolean[] ended) {
        List<Integer> active = new ArrayList<>();
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < rows.get(b).length && !ended[b]) {
                active.add(b);
            }
        }
        return active;
    }

    private int[] pass(Ops ops, List<int[]> rows, int[] lengths, List<Integer> active) {
        int tokens = active.stream().mapToInt(b -> lengths[b]).max().orElseThrow();
        int[] ids = new int[active.size() * tokens];
        int[] wanted = new int[active.size()];
        for (int n = 0; n < wanted.length; n++) {
            int b = active.get(n);
            System.arraycopy(rows.get(b), 0, ids, n * tokens, lengths[b]);
            wanted[n] = n * tokens + lengths[b] - 1;
        }
        Canvas canvas = Canvas.of(wanted.length, tokens, ids)
                .withMask(new AttentionMask.Causal())
                .withRows(wanted);
        return ops.ints(ops.argmax(model.hidden(ops, canvas), model.head(), TokenRule.plain())
                .tokens());
    }
}
