package org.panamask.verify;

import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// Whole generations of Dream: as its own code makes them, pass by pass; without what can be left out; and where
/// nothing of its quirks shows, by the sampler that people use.
final class DreamGenerateCases implements SamplerCaseRunner {
    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dream_generate") && fixture.model().isPresent();
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        PaddedPrompts prompts =
                PaddedPrompts.of(fixture, fixture.setting("max_new_tokens").asInt());
        SamplerTokens tokens = new SamplerTokens(fixture.input("mask_id").asInt(), 150, List.of(150), List.of());
        BlockSettings asked = SamplerRun.settings(fixture)
                .with("block_size", prompts.columns())
                .with("reference", "dream");
        SamplerInput input = prompts.input().tiled(SamplerInput.Tiling.WHOLE_ROW);
        JsonNode canvases = fixture.output("generated_after_step");
        DreamNoise noise = new DreamNoise(fixture, prompts.offsets(), prompts.columns());
        SamplerHooks hooks = hooks(fixture, noise);
        SamplerRun.Plan plan = new SamplerRun.Plan(asked, tokens, Alignment.SHIFTED, hooks, input);
        int steps = fixture.setting("steps").asInt();
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            SamplerRun plain = SamplerRun.of(loaded, plan.with(asked.with("exact_savings", false)));
            plain.compare(fixture, canvases, deviations);
            deviations.require(
                    plain.result().forwards() == steps, plain.result().forwards() + " passes, not " + steps);
            SamplerRun saving = SamplerRun.of(loaded, plan);
            saving.compare(fixture, canvases, deviations);
            deviations.require(saving.result().forwards() <= steps, "more passes than " + steps);
            if (isOurs(prompts, tokens.mask())) {
                BlockSettings ours = asked.with("reference", "none")
                        .with("early_stop", false)
                        .with("suppress_mask_token", false);
                SamplerRun.of(loaded, plan.with(ours)).compare(fixture, canvases, deviations);
            }
            prompts.compareLogits(fixture, loaded, "logits_first_forward", 0, false, deviations);
            int last = (int) fixture.shape(canvases)[0] - 2;
            prompts.compareLogits(fixture, loaded, "logits_last_forward", last, false, deviations);
        }
    }

    /// Whether the sampler without imitation does the same: no masks in prompts.
    private static boolean isOurs(PaddedPrompts prompts, int mask) {
        return prompts.rows().stream()
                .allMatch(row ->
                        Arrays.stream(row).limit(row.length - prompts.answer()).noneMatch(id -> id == mask));
    }

    private static SamplerHooks hooks(SamplerCase fixture, DreamNoise noise) {
        SamplerHooks hooks = noise.isEmpty() ? SamplerHooks.NONE : SamplerHooks.NONE.withNoise(noise);
        if (fixture.input("pinned_tail").isArray()) {
            int[] tail = fixture.ints(fixture.input("pinned_tail"));
            hooks = hooks.withTokens(
                    (_, _, ids) -> System.arraycopy(tail, 0, ids, ids.length - tail.length, tail.length));
        }
        if (fixture.input("banned_token").isNumber()) {
            int banned = fixture.input("banned_token").asInt();
            hooks = hooks.withLogits((_, _, _, logits) -> logits[banned] = Double.NEGATIVE_INFINITY);
        }
        return hooks;
    }
}
