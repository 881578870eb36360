package org.panamask.tensor;

import java.util.List;

/// Turns masks into key intervals.
final class MaskLowering {
    private MaskLowering() {}

    static KeyIntervals lower(AttentionMask mask, int batch, int tokens, int[] rows) {
        for (int row = 0; row < rows.length; row++) {
            if (rows[row] < 0 || rows[row] >= batch * tokens || row > 0 && rows[row] <= rows[row - 1]) {
                throw new ShapeException("attention mask: query rows must ascend within [0, " + (long) batch * tokens
                        + "), but got " + rows[row] + " at " + row);
            }
        }
        int[] bounds = new int[rows.length * 4];
        KeyIntervals.Conditions conditions = conditions(mask, batch, tokens);
        fill(mask, bounds, tokens, rows, batch);
        return new KeyIntervals(batch, tokens, rows.clone(), bounds, conditions);
    }

    private static KeyIntervals.Conditions conditions(AttentionMask mask, int batch, int tokens) {
        return switch (mask) {
            case AttentionMask.Annealed annealed ->
                new KeyIntervals.Conditions(
                        AnnealingDraw.threshold(annealed.ratio()),
                        annealed.key(),
                        KeyIntervals.Conditions.NONE.given());
            case AttentionMask.Given given -> {
                if (given.tokens() != tokens || given.batch() != 1 && given.batch() != batch) {
                    throw new ShapeException("attention mask: bits for [" + batch + " or 1, " + tokens + ", " + tokens
                            + "] are needed, but got [" + given.batch() + ", " + given.tokens() + ", "
                            + given.tokens() + "]");
                }
                yield new KeyIntervals.Conditions(AnnealingDraw.FULL, 0, given);
            }
            case AttentionMask.Causal _, AttentionMask.Full _, AttentionMask.Lengths _, AttentionMask.Segments _ ->
                KeyIntervals.Conditions.NONE;
        };
    }

    private static void fill(AttentionMask mask, int[] bounds, int tokens, int[] rows, int batch) {
        switch (mask) {
            case AttentionMask.Causal _ -> {
                for (int row = 0; row < rows.length; row++) {
                    bounds[row * 4 + 1] = rows[row] % tokens + 1;
                }
            }
            case AttentionMask.Full _, AttentionMask.Given _ -> {
                for (int row = 0; row < rows.length; row++) {
                    bounds[row * 4 + 1] = tokens;
                }
            }
            case AttentionMask.Lengths(List<Integer> lengths) -> {
                requireRows(lengths.size(), batch, "lengths");
                for (int row = 0; row < rows.length; row++) {
                    bounds[row * 4 + 1] = Math.min(tokens, lengths.get(rows[row] / tokens));
                }
            }
            case AttentionMask.Segments(List<List<Integer>> ids) -> {
                requireRows(ids.size(), batch, "segment ids");
                for (int row = 0; row < rows.length; row++) {
                    segment(ids.get(rows[row] / tokens), bounds, row, rows[row] % tokens, tokens);
                }
            }
            case AttentionMask.Annealed annealed -> fill(annealed.within(), bounds, tokens, rows, batch);
        }
    }

    private static void segment(List<Integer> ids, int[] bounds, int row, int i, int tokens) {
        if (ids.size() != tokens) {
            throw new ShapeException(
                    "attention mask: segment ids of " + tokens + " tokens are needed, but got " + ids.size());
        }
        int id = ids.get(i);
        if (id == 0) {
            return;
        }
        int start = i;
        while (start > 0 && ids.get(start - 1) == id) {
            start--;
        }
        int end = i + 1;
        while (end < tokens && ids.get(end) == id) {
            end++;
        }
        bounds[row * 4] = start;
        bounds[row * 4 + 1] = end;
    }

    private static void requireRows(int given, int batch, String what) {
        if (given != batch) {
            throw new ShapeException(
                    "attention mask: " + what + " of " + batch + " batch rows are needed, but got " + given);
        }
    }
}
