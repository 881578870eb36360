package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.TokenRule;

/// Asks the model for tokens of columns: one pass for all rows, the head for the columns asked for.
final class Predictor {
    private final Denoiser model;
    private final Passes passes;
    private final BlockSampler.Rule rule;

    private static final class Said {
        private final int[] tokens;
        private final double[] logProbabilities;

        Said(int[] tokens, double[] logProbabilities) {
            this.tokens = tokens;
            this.logProbabilities = logProbabilities;
        }
    }

    Predictor(Denoiser model, Passes passes, BlockSampler.Rule rule) {
        this.model = model;
        this.passes = passes;
        this.rule = rule;
    }

    /// What the model says of each row's columns.
    List<Candidates> predict(List<Asked> asked) {
        Said said = passes.run(ops -> pass(ops, asked));
        List<Candidates> candidates = new ArrayList<>();
        int next = 0;
        for (Asked one : asked) {
            int[] columns = one.columns().stream().mapToInt(column -> column).toArray();
            int[] tokens = new int[columns.length];
            double[] confidences = new double[columns.length];
            int source = -1;
            for (int n = 0; n < columns.length; n++) {
                if (rule.alignment().source(columns[n]) != source) {
                    source = rule.alignment().source(columns[n]);
                    next++;
                }
                tokens[n] = said.tokens[next - 1];
                confidences[n] = Math.exp(said.logProbabilities[next - 1]);
            }
            candidates.add(new Candidates(columns, tokens, confidences));
        }
        return candidates;
    }

    private Said pass(Ops ops, List<Asked> asked) {
        int tokens = asked.stream().mapToInt(one -> one.row().length()).max().orElseThrow();
        int[] ids = new int[asked.size() * tokens];
        List<Integer> wanted = new ArrayList<>();
        for (int b = 0; b < asked.size(); b++) {
            BlockRow row = asked.get(b).row();
            System.arraycopy(row.ids(), 0, ids, b * tokens, row.length());
            int first = b * tokens;
            asked.get(b).columns().stream()
                    .map(rule.alignment()::source)
                    .distinct()
                    .forEach(source -> wanted.add(first + source));
        }
        Canvas canvas = Canvas.of(asked.size(), tokens, ids)
                .withMask(mask(asked, tokens))
                .withRows(wanted.stream().mapToInt(row -> row).toArray());
        Prediction said = ops.argmax(model.hidden(ops, canvas), model.head(), tokenRule());
        return new Said(ops.ints(said.tokens()), ops.doubles(said.logProbability()));
    }

    private TokenRule tokenRule() {
        List<Integer> forbidden = new ArrayList<>(rule.tokens().unused());
        if (rule.settings().suppressMaskToken()) {
            forbidden.add(rule.tokens().mask());
        }
        return new TokenRule(1, 0, 1, forbidden);
    }

    private static AttentionMask mask(List<Asked> asked, int tokens) {
        int[] lengths = asked.stream().mapToInt(one -> one.row().length()).toArray();
        return Arrays.stream(lengths).allMatch(length -> length == tokens)
                ? new AttentionMask.Full()
                : new AttentionMask.Lengths(Arrays.stream(lengths).boxed().toList());
    }
}
