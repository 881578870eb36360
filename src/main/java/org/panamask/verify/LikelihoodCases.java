package org.panamask.verify;

import java.util.stream.IntStream;
import org.panamask.diffusion.DiffusionLoss;
import org.panamask.diffusion.Likelihood;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.TokenRows;

/// Likelihood estimates.
final class LikelihoodCases implements CaseRunner {
    @Override
    public String kind() {
        return "nll";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        TokenRows rows = LossInputs.rows(fixture, "");
        double[] drawn = fixture.doubles("u_noise");
        NoiseSource noise = (_, sample, position, step) ->
                (float) drawn[(step * rows.batch() + (int) sample) * rows.tokens() + position];
        int steps = fixture.parameter("diffusion_steps").asInt();
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            Likelihood likelihood = new Likelihood(
                    loaded.model(),
                    loaded,
                    steps,
                    new DiffusionLoss(fixture.parameter("shift").asBoolean(), LossNormalization.REFERENCE),
                    new Masker(fixture.parameter("mask_token_id").asInt(), 1e-3, noise));
            deviations.compareWhole(
                    "x_t",
                    IntStream.range(0, steps)
                            .flatMap(k ->
                                    IntStream.of(likelihood.corrupt(rows, k).ids()))
                            .toArray());
            deviations.compare("nll", likelihood.estimate(rows).pooled());
        }
    }
}
