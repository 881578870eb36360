package org.panamask.verify;

import org.panamask.diffusion.DiscreteMasker;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.MgdmLoss;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.ScoredRows;
import org.panamask.diffusion.TimeWeighting;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.TokenWeighting;

/// Noise at whole times and the loss of multi-granularity diffusion over it.
final class MgdmLossCases implements CaseRunner {
    @Override
    public String kind() {
        return "mgdm_loss";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        TokenRows rows = LossInputs.rows(fixture, "");
        double[] hides = fixture.doubles("u_noise");
        NoiseSource noise = (_, sample, position, _) -> (float) hides[(int) sample * rows.tokens() + position];
        int steps = fixture.parameter("diffusion_steps").asInt();
        DiscreteMasker masker =
                new DiscreteMasker(fixture.parameter("mask_token_id").asInt(), steps, noise);
        DiscreteMasker.Noisy noisy = masker.corrupt(rows, fixture.ints("t"), 0);
        deviations.compareWhole("x_t", noisy.ids());
        MgdmLoss loss = loss(fixture, steps);
        ScoredRows scored = loss.score(noisy, new LossWindow(1, loss.scorable(rows)));
        if (scored.isEmpty()) {
            deviations.compare("loss", 0);
            return;
        }
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            double[] sum = loaded.run(ops -> ops.doubles(
                    scored.crossEntropy(ops, loaded.model(), noisy.canvas()).loss()));
            deviations.compare("loss", sum);
        }
    }

    private static MgdmLoss loss(FixtureCase fixture, int steps) {
        TokenWeighting tokens = fixture.parameter("token_reweighting").asBoolean()
                ? new TokenWeighting(
                        fixture.parameter("alpha").asDouble(),
                        fixture.parameter("gamma").asDouble())
                : TokenWeighting.NONE;
        TimeWeighting time = switch (fixture.parameter("time_reweighting").asString()) {
            case "original" -> TimeWeighting.ORIGINAL;
            case "linear" -> TimeWeighting.LINEAR;
            default -> TimeWeighting.NONE;
        };
        return new MgdmLoss(steps, time, tokens, LossNormalization.REFERENCE);
    }
}
