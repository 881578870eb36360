package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.NoiseSource;
import org.panamask.sampling.DdmSampler;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerResult;
import tools.jackson.databind.JsonNode;

/// Samplers: the distinct canvases of each row on the way, and the result. Passes whose outcome is known are left
/// out, so repeated canvases of the reference are compared once.
final class SamplingCases implements CaseRunner {
    @Override
    public String kind() {
        return "sampling";
    }

    @Override
    public boolean followsChoices() {
        return true;
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        int batch = (int) fixture.shape("input_ids")[0];
        int tokens = (int) fixture.shape("input_ids")[1];
        boolean shift = fixture.parameter("shift").asBoolean();
        List<List<int[]>> seen = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            seen.add(new ArrayList<>());
        }
        SamplerResult result;
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            DdmSampler.Rule rule = new DdmSampler.Rule(
                    settings(fixture, tokens),
                    fixture.parameter("mask_token_id").asInt(),
                    shift,
                    noise(fixture, batch, tokens));
            result = new DdmSampler(loaded.model(), loaded, rule).sample(input(fixture, batch, tokens), step -> {
                for (int b = 0; b < batch; b++) {
                    addDistinct(seen.get(b), step.ids().get(b));
                }
            });
        }
        int steps = fixture.parameter("diffusion_steps").asInt();
        deviations.require(result.forwards() <= steps, result.forwards() + " passes for " + steps + " steps");
        compareCanvases(fixture, seen, tokens, deviations);
        int first = shift ? 1 : 0;
        deviations.compareWhole(
                "result",
                result.ids().stream()
                        .flatMapToInt(row -> Arrays.stream(row).skip(first))
                        .toArray());
    }

    /// What the reference showed its model, row by row, against what ours was shown; the filled row comes after.
    static void compareCanvases(FixtureCase fixture, List<List<int[]>> seen, int tokens, Deviations deviations) {
        double[] shown = fixture.expected("x_t").orElseThrow().values();
        int batch = seen.size();
        for (int b = 0; b < batch; b++) {
            List<int[]> want = new ArrayList<>();
            for (int k = 0; k < shown.length / (batch * tokens); k++) {
                int[] row = new int[tokens];
                for (int i = 0; i < tokens; i++) {
                    row[i] = (int) shown[(k * batch + b) * tokens + i];
                }
                addDistinct(want, row);
            }
            List<int[]> got = seen.get(b);
            boolean same = got.size() >= want.size() && got.size() <= want.size() + 1;
            for (int k = 0; same && k < want.size(); k++) {
                same = Arrays.equals(got.get(k), want.get(k));
            }
            deviations.require(same, "the canvases of row " + b + " differ");
        }
    }

    static void addDistinct(List<int[]> canvases, int[] canvas) {
        if (canvases.isEmpty() || !Arrays.equals(canvases.getLast(), canvas)) {
            canvases.add(canvas);
        }
    }

    private static DdmSettings settings(FixtureCase fixture, int tokens) {
        JsonNode topP = fixture.parameter("top_p");
        return DdmSettings.defaults()
                .with("steps", fixture.parameter("diffusion_steps").asInt())
                .with("temperature", fixture.parameter("logits_temp").asDouble())
                .with("top_p", topP.isNull() ? 1.0 : topP.asDouble())
                .with(
                        "order",
                        fixture.parameter("mode").asString().equals("random")
                                ? DdmSettings.Order.RANDOM
                                : DdmSettings.Order.CONFIDENCE)
                .with("length", tokens)
                .with("forbid_mask_token", false);
    }

    private static NoiseSource noise(FixtureCase fixture, int batch, int tokens) {
        double[] drawn = fixture.hasInput("u_step") ? fixture.doubles("u_step") : new double[0];
        return (_, sample, position, step) -> {
            int n = (step * batch + (int) sample) * tokens + position;
            return n < drawn.length ? (float) drawn[n] : 0;
        };
    }

    static SamplerInput input(FixtureCase fixture, int batch, int tokens) {
        int[] ids = fixture.ints("input_ids");
        int[] sources = fixture.ints("src_mask");
        int[][] rows = new int[batch][tokens];
        boolean[][] given = new boolean[batch][tokens];
        for (int n = 0; n < ids.length; n++) {
            rows[n / tokens][n % tokens] = ids[n];
            given[n / tokens][n % tokens] = sources[n] == 1;
        }
        return SamplerInput.of(rows, given);
    }
}
