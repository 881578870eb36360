package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;

/// Chooses tokens where the logits are: only tokens and how sure they are leave the device.
final class FusedPredictor implements Predictor {
    private final Denoiser model;
    private final Passes passes;
    private final Decoding decoding;
    private final CandidateRows rows;
    private final TokenRule rule;

    private static final class Said {
        private final int[] tokens;
        private final double[] logProbabilities;
        private final double[] confidences;

        Said(int[] tokens, double[] logProbabilities, double[] confidences) {
            this.tokens = tokens;
            this.logProbabilities = logProbabilities;
            this.confidences = confidences;
        }
    }

    FusedPredictor(Denoiser model, Passes passes, Decoding decoding, Optional<Kept> kept) {
        this.model = model;
        this.passes = passes;
        this.decoding = decoding;
        this.rows = new CandidateRows(model, decoding, kept);
        this.rule = decoding.tokenRule();
    }

    @Override
    public long equalTokens() {
        return rows.equal().saved();
    }

    @Override
    public List<Candidates> predict(List<Asked> asked) {
        Said said = passes.run(ops -> pass(ops, asked));
        List<Candidates> candidates = new ArrayList<>();
        int next = -1;
        for (Asked one : asked) {
            Candidates.Builder builder = new Candidates.Builder(one.columns().size());
            int source = -1;
            for (int column : one.columns()) {
                if (decoding.alignment().source(column) != source) {
                    source = decoding.alignment().source(column);
                    next++;
                }
                builder.add(column, said.tokens[next], score(said.confidences[next]), probability(said, next));
            }
            candidates.add(builder.build());
        }
        return candidates;
    }

    /// Probabilities of tokens come as logarithms.
    private double score(double confidence) {
        return rule.confidence().measure() == Confidence.Measure.TOKEN ? Math.exp(confidence) : confidence;
    }

    private double probability(Said said, int n) {
        return rule.confidence().measure() == Confidence.Measure.TOKEN
                ? Math.exp(said.confidences[n])
                : Math.exp(said.logProbabilities[n]);
    }

    private Said pass(Ops ops, List<Asked> asked) {
        Tensor hidden = rows.of(ops, asked);
        Prediction said = decoding.settings().tokens().temperature() == 0
                ? ops.argmax(hidden, model.head(), rule)
                : ops.sample(hidden, model.head(), rule, uniforms(ops, asked, hidden));
        return new Said(ops.ints(said.tokens()), ops.doubles(said.logProbability()), ops.doubles(said.confidence()));
    }

    private Tensor uniforms(Ops ops, List<Asked> asked, Tensor hidden) {
        double[] drawn = asked.stream()
                .flatMapToDouble(one -> rows.columns(one).stream()
                        .mapToDouble(column -> decoding.draws()
                                .token(one.row().sample(), column, one.row().clock())))
                .toArray();
        int count = Math.toIntExact(hidden.shape().extent(0));
        return ops.upload(Shape.of(count), Arrays.copyOf(drawn, count));
    }
}
