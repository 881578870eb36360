package org.panamask.eval;

import java.util.Optional;
import org.panamask.config.Require;

/// How likelihood is measured. The result does not depend on the batch.
///
/// @param steps the number of times at which a diffusion model's rows are masked, or of draws of a row; as the estimate
///     usually has when left out
/// @param seed of the masks, the same for every model, so that their differences can be paired
/// @param batch rows computed at once
/// @param draws how draws are made
public record NllSettings(Optional<Integer> steps, long seed, int batch, Draws draws) {
    /// How a Monte Carlo estimate draws.
    ///
    /// @param together draws whose rates are spread evenly together: the batches of the published estimates
    /// @param cfgScale how far logits are taken from those without a prompt to those with it and beyond; 0 takes
    ///     those with it
    public record Draws(int together, double cfgScale) {
        /// 16 together, no guidance.
        public static final Draws USUAL = new Draws(16, 0);

        /// Checks the ranges.
        ///
        /// @throws org.panamask.config.SettingException if one is outside
        public Draws {
            Require.atLeast("mc_batch", together, 1);
            Require.notNegative("cfg_scale", cfgScale);
        }
    }

    /// Checks the ranges.
    ///
    /// @throws org.panamask.config.SettingException if `steps` or `batch` is below 1
    public NllSettings {
        steps.ifPresent(count -> Require.atLeast("steps", count, 1));
        Require.atLeast("batch", batch, 1);
    }

    /// With usual draws.
    ///
    /// @throws org.panamask.config.SettingException if `steps` or `batch` is below 1
    public NllSettings(int steps, long seed, int batch) {
        this(Optional.of(steps), seed, batch, Draws.USUAL);
    }

    /// The times or draws of `estimator`.
    int steps(Estimator estimator) {
        return steps.orElse(estimator.usualSteps());
    }

    /// The batches of draws of `estimator`.
    ///
    /// @throws org.panamask.config.SettingException if draws do not come in whole batches
    int batches(Estimator estimator) {
        int count = steps(estimator);
        int together = together(estimator);
        Require.that(
                count % together == 0,
                "steps must be a multiple of --mc-batch " + together + " under likelihood " + estimator.written()
                        + ", not " + count);
        return count / together;
    }

    /// The draws of a batch of `estimator`: never more than there are.
    int together(Estimator estimator) {
        return Math.min(draws.together, steps(estimator));
    }

    /// `estimator` and its times or draws, for people.
    public String named(Estimator estimator) {
        return switch (estimator) {
            case DDM -> "ddm, " + steps(estimator) + " times";
            case LLADA, DREAM -> estimator.written() + ", " + steps(estimator) + " draws";
            case AR_FTB, AR_BTF -> estimator.written();
        };
    }
}
