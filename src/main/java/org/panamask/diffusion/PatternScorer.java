package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/// Scores a text under many patterns of masks, each pattern once.
///
/// @param model the model
/// @param passes where its passes run
/// @param guess how the model is asked
/// @param rows patterns computed at once
public record PatternScorer(Denoiser model, Passes passes, Guess guess, int rows) {
    /// How a model is asked.
    ///
    /// @param maskToken the id that hides a token
    /// @param alignment which hidden state predicts a column
    /// @param cfgScale how far the logits are taken from those without a prompt to those with it and beyond: 0 for
    ///     those with it alone, and no second pass
    public record Guess(int maskToken, Alignment alignment, double cfgScale) {}

    /// Checks the range.
    public PatternScorer {
        if (rows < 1) {
            throw new IllegalArgumentException("pattern scorer: rows must be at least 1, but got " + rows);
        }
    }

    /// The cross entropies of what each pattern asks for, summed up. A pattern that asks for nothing has 0 without
    /// a pass.
    public Map<MaskPattern, Double> sums(ScoredText text, SequencedSet<MaskPattern> patterns) {
        Map<MaskPattern, Double> sums = new LinkedHashMap<>();
        List<MaskPattern> open = new ArrayList<>();
        for (MaskPattern pattern : patterns) {
            if (pattern.asked().isEmpty()) {
                sums.put(pattern, 0.0);
            } else {
                open.add(pattern);
            }
        }
        for (int from = 0; from < open.size(); from += rows) {
            score(text, open.subList(from, Math.min(open.size(), from + rows)), sums);
        }
        return sums;
    }

    private void score(ScoredText text, List<MaskPattern> patterns, Map<MaskPattern, Double> sums) {
        int tokens = text.ids().length;
        int[] ids = new int[patterns.size() * tokens];
        ScoredRows.Builder builder = new ScoredRows.Builder(patterns.size() * text.scored());
        for (int b = 0; b < patterns.size(); b++) {
            int first = b * tokens;
            System.arraycopy(text.ids(), 0, ids, first, tokens);
            patterns.get(b).hidden().stream().forEach(i -> ids[first + text.columns()[i]] = guess.maskToken);
            patterns.get(b).asked().stream()
                    .map(i -> text.columns()[i])
                    .forEach(column -> builder.add(first + guess.alignment.source(column), text.ids()[column], 1));
        }
        ScoredRows scored = builder.build(1);
        Canvas canvas = Canvas.of(patterns.size(), tokens, ids);
        double[] entropies = passes.run(ops -> scored.entropies(ops, asked(text), canvas));
        int next = 0;
        for (MaskPattern pattern : patterns) {
            int end = next + pattern.asked().cardinality();
            sums.put(pattern, Arrays.stream(entropies, next, end).sum());
            next = end;
        }
    }

    private Denoiser asked(ScoredText text) {
        if (guess.cfgScale == 0) {
            return model;
        }
        boolean[] given = new boolean[text.ids().length];
        Arrays.fill(given, true);
        for (int column : text.columns()) {
            given[column] = false;
        }
        return new Guided(model, guess.maskToken, guess.cfgScale, given);
    }
}
