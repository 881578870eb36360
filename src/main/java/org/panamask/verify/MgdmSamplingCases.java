package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.NoiseSource;
import org.panamask.sampling.DdmSampler;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerResult;

/// The sampler that masks again: the distinct canvases of each row on the way, and the result.
final class MgdmSamplingCases implements CaseRunner {
    private static final Pattern STRATEGY = Pattern.compile("(?:deterministic|stochastic([0-9.]+))-(linear|cosine)");

    @Override
    public String kind() {
        return "mgdm_sampling";
    }

    @Override
    public boolean followsChoices() {
        return true;
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        int batch = (int) fixture.shape("input_ids")[0];
        int tokens = (int) fixture.shape("input_ids")[1];
        List<List<int[]>> seen = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            seen.add(new ArrayList<>());
        }
        SamplerResult result;
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            DdmSampler.Rule rule = new DdmSampler.Rule(
                    settings(fixture, tokens),
                    fixture.parameter("mask_token_id").asInt(),
                    Alignment.SHIFTED_IN_PLACE,
                    noise(fixture, batch, tokens));
            result = new DdmSampler(loaded.model(), loaded, rule)
                    .sample(SamplingCases.input(fixture, batch, tokens), step -> {
                        for (int b = 0; b < batch; b++) {
                            SamplingCases.addDistinct(seen.get(b), step.ids().get(b));
                        }
                    });
        }
        SamplingCases.compareCanvases(fixture, seen, tokens, deviations);
        deviations.compareWhole(
                "result", result.ids().stream().flatMapToInt(Arrays::stream).toArray());
    }

    private static DdmSettings settings(FixtureCase fixture, int tokens) {
        String strategy = fixture.parameter("decoding_strategy").asString();
        Matcher parts = STRATEGY.matcher(strategy);
        if (!parts.matches()) {
            throw new FixtureException(fixture.name() + ": decoding_strategy must be deterministic or stochasticS, then"
                    + " -linear or -cosine, but got " + strategy);
        }
        return DdmSettings.defaults()
                .with("steps", fixture.parameter("diffusion_steps").asInt())
                .with("remask", true)
                .with("schedule", parts.group(2))
                .with("stochastic", parts.group(1) == null ? 0.0 : Double.parseDouble(parts.group(1)))
                .with("length", tokens)
                .with("forbid_mask_token", false);
    }

    private static NoiseSource noise(FixtureCase fixture, int batch, int tokens) {
        double[] drawn = fixture.hasInput("u_gumbel") ? fixture.doubles("u_gumbel") : new double[0];
        return (_, sample, position, step) -> {
            int n = (step * batch + (int) sample) * tokens + position;
            return n < drawn.length ? (float) drawn[n] : 0;
        };
    }
}
