package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.GivenNoise;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// Whole generations of LLaDA: as its own code makes them, pass by pass; without what can be left out; and where
/// nothing of its quirks shows, by the sampler that people use.
final class LladaGenerateCases implements SamplerCaseRunner {
    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("llada_generate");
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        PaddedPrompts prompts =
                PaddedPrompts.of(fixture, fixture.setting("gen_length").asInt());
        BlockSettings asked = SamplerRun.settings(fixture).with("reference", "llada");
        int eos = fixture.input("eos_id").asInt();
        SamplerTokens tokens = new SamplerTokens(
                fixture.input("mask_id").asInt(),
                eos,
                List.of(eos, fixture.input("eot_id").asInt()),
                List.of());
        SamplerRun.Plan plan =
                new SamplerRun.Plan(asked, tokens, Alignment.OWN, hooks(fixture, prompts), prompts.input());
        int forwards = fixture.output("num_forwards").asInt();
        JsonNode canvases = fixture.output("generated_after_step");
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            SamplerRun plain = SamplerRun.of(loaded, plan.with(asked.with("exact_savings", false)));
            plain.compare(fixture, canvases, deviations);
            deviations.require(
                    plain.result().forwards() == forwards, plain.result().forwards() + " passes, not " + forwards);
            SamplerRun saving = SamplerRun.of(loaded, plan);
            saving.compare(fixture, canvases, deviations);
            deviations.require(saving.result().forwards() <= forwards, "more passes than " + forwards);
            if (isOurs(fixture, prompts, tokens.mask())) {
                BlockSettings ours = asked.with("reference", "none")
                        .with("early_stop", false)
                        .with("suppress_mask_token", false);
                SamplerRun.of(loaded, plan.with(ours)).compare(fixture, canvases, deviations);
            }
            logits(fixture, loaded, prompts, deviations);
        }
    }

    /// Whether the sampler without imitation does the same: no masks in prompts, and no numbers for each id.
    private static boolean isOurs(SamplerCase fixture, PaddedPrompts prompts, int mask) {
        return fixture.setting("temperature").asDouble(0) == 0
                && prompts.rows().stream()
                        .allMatch(row -> Arrays.stream(row)
                                .limit(row.length - prompts.answer())
                                .noneMatch(id -> id == mask));
    }

    private static void logits(
            SamplerCase fixture, Device.Loaded loaded, PaddedPrompts prompts, Deviations deviations) {
        boolean guided = fixture.setting("cfg_scale").asDouble(0) > 0;
        prompts.compareLogits(fixture, loaded, "logits_first_forward", 0, guided, deviations);
        int last = (int) fixture.shape(fixture.output("generated_after_step"))[0] - 2;
        prompts.compareLogits(fixture, loaded, "logits_last_forward", last, guided, deviations);
    }

    private static SamplerHooks hooks(SamplerCase fixture, PaddedPrompts prompts) {
        SamplerHooks hooks = SamplerHooks.NONE;
        JsonNode bias = fixture.input("logit_bias");
        if (bias.isObject()) {
            hooks = hooks.withLogits((_, _, _, logits) -> bias.propertyNames()
                    .forEach(id -> logits[Integer.parseInt(id)] += bias.path(id).asDouble()));
        }
        return fixture.noise("draw0").isMissingNode() ? hooks : hooks.withNoise(new Noise(fixture, prompts));
    }

    /// Numbers as the reference draws them: for every column of all rows in each step.
    private static final class Noise implements GivenNoise {
        private final PaddedPrompts prompts;
        private final List<double[]> draws = new ArrayList<>();

        Noise(SamplerCase fixture, PaddedPrompts prompts) {
            this.prompts = prompts;
            for (int n = 0; !fixture.noise("draw" + n).isMissingNode(); n++) {
                draws.add(fixture.doubles(fixture.noise("draw" + n)));
            }
        }

        private int column(Place place) {
            int row = (int) place.sample();
            return row * prompts.columns() + prompts.offsets()[row] + place.column();
        }

        @Override
        public double uniform(Place place) {
            return draws.get(place.step())[column(place)];
        }

        @Override
        public double exponential(Place place) {
            throw new FixtureException("llada_generate draws no columns by confidence");
        }

        @Override
        public double token(Place place, int id) {
            double[] drawn = draws.get(place.step());
            int ids = drawn.length / (prompts.rows().size() * prompts.columns());
            return drawn[column(place) * ids + id];
        }
    }
}
