package org.panamask.verify;

import java.util.BitSet;
import org.panamask.diffusion.Annealing;
import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.KeyIntervals;
import tools.jackson.databind.JsonNode;

/// Opening attention: how far, and what is visible then.
final class AnnealingCases {
    private static final double LOWEST_F16 = -65504;
    private static final double LOWEST_BF16 = -0x1.FEp127;

    private AnnealingCases() {}

    /// The mask that a drawn matrix `[T, T]` gives: everything up to the query, and the drawn keys after it.
    static AttentionMask.Given given(double[] drawn, int tokens) {
        BitSet bits = new BitSet(tokens * tokens);
        for (int n = 0; n < drawn.length; n++) {
            bits.set(n, n % tokens <= n / tokens || drawn[n] == 1);
        }
        return new AttentionMask.Given(1, tokens, bits);
    }

    /// Visibility and additive masks.
    static final class Masks implements CaseRunner {
        @Override
        public String kind() {
            return "anneal_mask";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            int tokens = fixture.parameter("seq_len").asInt();
            KeyIntervals mask = given(fixture.doubles("bernoulli"), tokens).lower(1, tokens);
            boolean[] allowed = new boolean[tokens * tokens];
            boolean[] row = new boolean[tokens];
            for (int i = 0; i < tokens; i++) {
                mask.visible(row, i, new AnnealingDraw.Span(0, tokens));
                System.arraycopy(row, 0, allowed, i * tokens, tokens);
            }
            deviations.compareMarks("allowed", allowed);
            deviations.compare("additive_f32", additive(allowed, -Float.MAX_VALUE));
            deviations.compare("additive_f16", additive(allowed, LOWEST_F16));
            deviations.compare("additive_bf16", additive(allowed, LOWEST_BF16));
        }

        private static double[] additive(boolean[] allowed, double lowest) {
            double[] additive = new double[allowed.length];
            for (int n = 0; n < additive.length; n++) {
                additive[n] = allowed[n] ? 0 : lowest;
            }
            return additive;
        }
    }

    /// The ratio by step.
    static final class Ratios implements CaseRunner {
        @Override
        public String kind() {
            return "anneal_ratio";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            for (JsonNode row : fixture.inputValue("table")) {
                int steps = row.path(0).asInt();
                long step = row.path(1).asLong();
                double got = new Annealing(steps, 0).ratio(step);
                deviations.compare(
                        "ratio of step " + step + " of " + steps,
                        got,
                        row.path(2).asDouble(),
                        0);
            }
        }
    }
}
