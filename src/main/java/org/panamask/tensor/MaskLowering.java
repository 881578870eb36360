package org.panamask.tensor;

import java.util.List;

/// Turns masks into key intervals.
final class MaskLowering {
    private MaskLowering() {}

    static KeyIntervals lower(AttentionMask mask, int batch, int tokens, int[] rows) {
        for (int row = 0; row < rows.length; row++) {
            if (rows[row] < 0 || rows[row] >= batch * tokens || row > 0 && rows[row] < rows[row - 1]) {
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
            case AttentionMask.Causal _,
                    AttentionMask.Full _,
                    AttentionMask.Lengths _,
                    AttentionMask.Spans _,
                    AttentionMask.Segments _ -> KeyIntervals.Conditions.NONE;
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
            case AttentionMask.Spans(List<AttentionMask.Span> spans) -> {
                requireRows(spans.size(), batch, "spans");
                for (int row = 0; row < rows.length; row++) {
                    AttentionMask.Span span = spans.get(rows[row] / tokens);
                    bounds[row * 4] = Math.min(tokens, span.start());
                    bounds[row * 4 + 1] = Math.min(tokens, span.end());
                }
            }
            case AttentionMask.Segments(List<List<Integer>> ids) -> {
                requireRows(ids.size(), batch, "segment ids");
                segments(ids, bounds, tokens, rows);
            }
            case AttentionMask.Annealed annealed -> fill(annealed.within(), bounds, tokens, rows, batch);
        }
    }

    /// Rows ascend, so each run of equal ids is measured once, by the first row that lies in it.
    private static void segments(List<List<Integer>> ids, int[] bounds, int tokens, int[] rows) {
        Run run = new Run(0, 0, 0);
        for (int row = 0; row < rows.length; row++) {
            if (rows[row] >= run.end()) {
                run = Run.around(rows[row], ids.get(rows[row] / tokens), tokens);
            }
            if (run.id() != 0) {
                bounds[row * 4] = run.start() % tokens;
                bounds[row * 4 + 1] = run.start() % tokens + run.end() - run.start();
            }
        }
    }

    /// Rows `b * T + i` of one segment, `start` up to but not including `end`.
    private record Run(int id, int start, int end) {
        static Run around(int row, List<Integer> ids, int tokens) {
            if (ids.size() != tokens) {
                throw new ShapeException(
                        "attention mask: segment ids of " + tokens + " tokens are needed, but got " + ids.size());
            }
            int i = row % tokens;
            int id = ids.get(i);
            int start = i;
            while (start > 0 && ids.get(start - 1) == id) {
                start--;
            }
            int end = i + 1;
            while (end < tokens && ids.get(end) == id) {
                end++;
            }
            return new Run(id, row - i + start, row - i + end);
        }
    }

    private static void requireRows(int given, int batch, String what) {
        if (given != batch) {
            throw new ShapeException(
                    "attention mask: " + what + " of " + batch + " batch rows are needed, but got " + given);
        }
    }
}
