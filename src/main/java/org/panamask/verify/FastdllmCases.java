package org.panamask.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// Fast-dLLM's generation, without cache or with one: the logits of every pass, the cache after the first, and the
/// canvases that the sampler goes through.
final class FastdllmCases implements SamplerCaseRunner {
    private static final Set<String> KINDS = Set.of("fastdllm_llada", "fastdllm_factor", "dream_fastdllm");
    private static final String DREAM = "dream_fastdllm";
    private static final int EOS = 150;

    @Override
    public boolean takes(SamplerCase fixture) {
        return KINDS.contains(fixture.kind());
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        PaddedPrompts prompts = PaddedPrompts.of(fixture, answer(fixture));
        SamplerTokens tokens = new SamplerTokens(fixture.input("mask_id").asInt(), EOS, List.of(EOS), List.of());
        Alignment alignment = fixture.kind().equals(DREAM) ? Alignment.SHIFTED : Alignment.OWN;
        BlockSettings asked = settings(fixture)
                .with("reference", "fastdllm")
                .with("cache", cache(fixture))
                .with("early_stop", false);
        SamplerRun.Plan plan = new SamplerRun.Plan(asked, tokens, alignment, SamplerHooks.NONE, prompts.input());
        int forwards = fixture.output("nfe").asInt();
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            if (!fixture.output("block_logits").isMissingNode()) {
                CachedPasses.ofFastdllm(fixture, loaded, deviations);
            }
            compare(fixture, SamplerRun.of(loaded, plan), forwards, deviations);
            BlockSettings ours = asked.with("reference", "none").with("suppress_mask_token", false);
            compare(fixture, SamplerRun.of(loaded, plan.with(ours)), forwards, deviations);
        }
    }

    private static void compare(SamplerCase fixture, SamplerRun run, int forwards, Deviations deviations) {
        run.compare(prompt(fixture), canvases(fixture), deviations);
        deviations.compareIds("final_ids", run.result().ids().getFirst(), fixture.ints(fixture.output("final_ids")));
        deviations.require(run.result().forwards() <= forwards, run.result().forwards() + " passes, not " + forwards);
    }

    private static List<int[]> canvases(SamplerCase fixture) {
        List<int[]> canvases = new ArrayList<>();
        if (fixture.output("generated_after_pass").isArray()) {
            fixture.output("generated_after_pass").forEach(one -> canvases.add(fixture.ints(one)));
        } else {
            fixture.output("passes").forEach(pass -> canvases.add(fixture.ints(pass.path("generated"))));
        }
        return canvases;
    }

    private static int prompt(SamplerCase fixture) {
        return fixture.ints(fixture.input("prompt_ids")).length;
    }

    private static int answer(SamplerCase fixture) {
        return fixture.ints(fixture.output("final_ids")).length - prompt(fixture);
    }

    private static String cache(SamplerCase fixture) {
        if (fixture.setting("use_cache").isString()) {
            return fixture.setting("use_cache").asString();
        }
        if (fixture.setting("dual_cache").isBoolean()) {
            return fixture.setting("dual_cache").asBoolean() ? "dual" : "prefix";
        }
        String function = fixture.reference();
        return function.contains("dual_cache") ? "dual" : function.contains("prefix_cache") ? "prefix" : "none";
    }

    private static BlockSettings settings(SamplerCase fixture) {
        BlockSettings settings = SamplerRun.settings(fixture, "use_cache", "dual_cache", "alg");
        if (!fixture.kind().equals(DREAM)) {
            return settings;
        }
        if (fixture.setting("alg").asString().equals("entropy")) {
            return settings.with("alg", "entropy").with("transfer", "timestep");
        }
        JsonNode block = fixture.setting("block_length");
        return block.isNumber()
                ? settings.with("transfer", "threshold")
                : settings.with("transfer", "budget").with("block_size", answer(fixture));
    }
}
