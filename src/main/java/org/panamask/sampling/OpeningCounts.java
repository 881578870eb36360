package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;

/// How many columns open in each step of a block where that is known beforehand.
public final class OpeningCounts {
    private OpeningCounts() {}

    /// The counts of the steps of a block with `hidden` masks that is to be filled in `steps` steps.
    ///
    /// @throws IllegalArgumentException if `settings` leave the counts to what the model says
    public static int[] of(BlockSettings settings, int hidden, int steps) {
        if (!settings.transfer().rule().isCounted() || settings.order().alg() == OrderSettings.Algorithm.ORIGIN) {
            throw new IllegalArgumentException("counts: transfer must be quota, timestep, alpha_linear or alpha_cosine"
                    + " and alg not origin, but got " + settings.transfer().transfer() + " and "
                    + settings.order().alg());
        }
        SamplerTokens none = new SamplerTokens(0, 0, List.of(), List.of());
        Decoding decoding = Decoding.of(
                new BlockSampler.Rule(settings, none, Alignment.OWN, new Noise(settings.seed())), SamplerHooks.NONE);
        Counts counts = decoding.counts(new BlockStep(0, List.of(), 0, 0, 0), hidden, steps);
        List<Integer> opened = new ArrayList<>();
        int left = hidden;
        for (int step = 0; step < counts.steps(); step++) {
            opened.add(Math.min(left, counts.at(step, left)));
            left -= opened.getLast();
        }
        return opened.stream().mapToInt(count -> count).toArray();
    }
}
