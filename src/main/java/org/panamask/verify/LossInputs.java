package org.panamask.verify;

import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.DiffusionLoss;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.ScoredRows;
import org.panamask.diffusion.TokenRows;

/// One micro-batch of a case with the random numbers it gives.
///
/// @param noisy the rows after noise
/// @param canvas what the model is shown
/// @param loss the loss
record LossInputs(Corrupted noisy, Canvas canvas, DiffusionLoss loss) {
    /// Reads the inputs whose names start with `prefix`.
    static LossInputs read(FixtureCase fixture, String prefix) {
        TokenRows rows = rows(fixture, prefix);
        int tokens = rows.tokens();
        double[] times = fixture.doubles(prefix + "u_t");
        double[] hides = fixture.doubles(prefix + "u_noise");
        NoiseSource noise = new GivenNoise(fixture.name(), times, hides, tokens).source();
        Masker masker = new Masker(
                fixture.parameter("mask_token_id").asInt(),
                fixture.parameter("sampling_eps").asDouble(),
                noise);
        Corrupted noisy = masker.corrupt(rows, 0);
        Canvas canvas = fixture.hasInput(prefix + "bernoulli")
                ? noisy.canvas().withMask(AnnealingCases.given(fixture.doubles(prefix + "bernoulli"), tokens))
                : noisy.canvas();
        boolean shift = fixture.parameter("shift").asBoolean();
        return new LossInputs(noisy, canvas, new DiffusionLoss(shift, LossNormalization.REFERENCE));
    }

    static TokenRows rows(FixtureCase fixture, String prefix) {
        int batch = (int) fixture.shape(prefix + "input_ids")[0];
        int tokens = (int) fixture.shape(prefix + "input_ids")[1];
        int[] sources = fixture.ints(prefix + "src_mask");
        boolean[] maskable = new boolean[sources.length];
        for (int n = 0; n < sources.length; n++) {
            maskable[n] = sources[n] == 0;
        }
        return TokenRows.of(batch, tokens, fixture.ints(prefix + "input_ids"), maskable);
    }

    /// The rows to score in a window of `microBatches`.
    ScoredRows score(int microBatches) {
        return loss.score(noisy, new LossWindow(microBatches, loss.scorable(noisy.clean())));
    }
}
