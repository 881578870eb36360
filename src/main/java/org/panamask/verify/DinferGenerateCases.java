package org.panamask.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerTokens;

/// dInfer's block-wise generation: the canvas after every pass that opens something, and the logits of the last pass.
final class DinferGenerateCases implements SamplerCaseRunner {
    private static final String[] OTHER_KEYS = {"maximum_unroll", "expected_tpf", "smooth"};

    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dinfer") && fixture.model().isPresent();
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        PaddedPrompts prompts =
                PaddedPrompts.of(fixture, fixture.setting("gen_length").asInt());
        int eos = fixture.input("eos_id").asInt();
        SamplerTokens tokens = new SamplerTokens(fixture.input("mask_id").asInt(), eos, List.of(eos), List.of());
        BlockSettings asked = settings(fixture).with("reference", "dinfer");
        SamplerRun.Plan plan = new SamplerRun.Plan(asked, tokens, Alignment.OWN, SamplerHooks.NONE, prompts.input());
        List<int[]> canvases = new ArrayList<>();
        fixture.output("passes").forEach(pass -> canvases.add(fixture.ints(pass.path("generated"))));
        int forwards = fixture.output("num_forwards").asInt();
        int[] ids = fixture.ints(fixture.output("final_ids"));
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            CachedPasses.ofDinfer(fixture, loaded, deviations);
            for (boolean saves : new boolean[] {false, true}) {
                SamplerRun run = SamplerRun.of(loaded, plan.with(asked.with("exact_savings", saves)));
                run.compare(prompts.columns() - prompts.answer(), canvases, deviations);
                deviations.compareIds("final_ids", run.result().ids().getFirst(), ids);
                deviations.require(
                        run.result().forwards() <= forwards, run.result().forwards() + " passes, not " + forwards);
            }
        }
    }

    private static BlockSettings settings(SamplerCase fixture) {
        boolean soft = fixture.setting("smooth").asBoolean(false);
        List<String> without = new ArrayList<>(List.of(OTHER_KEYS));
        if (!soft) {
            without.addAll(List.of("cont_weight", "cont_weight_init", "cont_weight_growth", "threshold_decay"));
        }
        Map<String, String> others = fixture.setting("prefix_look").isNumber() ? Map.of("cache", "vicinity") : Map.of();
        return SamplerRun.settings(fixture, others, without.toArray(String[]::new));
    }
}
