package org.panamask.verify;

import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// dInfer's block-wise generation without cache: the canvas after every pass.
final class DinferGenerateCases implements SamplerCaseRunner {
    private static final String[] OTHER_KEYS = {
        "cache",
        "maximum_unroll",
        "expected_tpf",
        "smooth",
        "cache_update_freq",
        "prefix_look",
        "after_look",
        "warmup_steps"
    };

    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dinfer")
                && fixture.model().isPresent()
                && fixture.setting("cache").isNull()
                && !fixture.setting("smooth").asBoolean(false);
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        PaddedPrompts prompts =
                PaddedPrompts.of(fixture, fixture.setting("gen_length").asInt());
        int eos = fixture.input("eos_id").asInt();
        SamplerTokens tokens = new SamplerTokens(fixture.input("mask_id").asInt(), eos, List.of(eos), List.of());
        BlockSettings asked = SamplerRun.settings(fixture, OTHER_KEYS).with("reference", "dinfer");
        SamplerRun.Plan plan = new SamplerRun.Plan(asked, tokens, Alignment.OWN, SamplerHooks.NONE, prompts.input());
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            for (boolean saves : new boolean[] {false, true}) {
                SamplerRun run = SamplerRun.of(loaded, plan.with(asked.with("exact_savings", saves)));
                deviations.compareIds(
                        "final_ids", run.result().ids().getFirst(), fixture.ints(fixture.output("final_ids")));
                int forwards = fixture.output("num_forwards").asInt();
                deviations.require(
                        run.result().forwards() == forwards, run.result().forwards() + " passes, not " + forwards);
                passes(fixture, run, deviations);
            }
        }
    }

    private static void passes(SamplerCase fixture, SamplerRun run, Deviations deviations) {
        List<int[]> canvases = run.canvases().getFirst();
        JsonNode passes = fixture.output("passes");
        for (int pass = 0; pass < passes.size() && pass + 1 < canvases.size(); pass++) {
            int[] want = fixture.ints(passes.path(pass).path("generated"));
            int[] canvas = canvases.get(pass + 1);
            deviations.compareIds(
                    "generated[" + pass + "]",
                    Arrays.copyOfRange(canvas, canvas.length - want.length, canvas.length),
                    want);
        }
    }
}
