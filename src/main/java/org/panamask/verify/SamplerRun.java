package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.Passes;
import org.panamask.sampling.BlockSampler;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerResult;
import org.panamask.sampling.SamplerTokens;
import tools.jackson.databind.JsonNode;

/// One run of a [BlockSampler] over the rows of a case, with the distinct canvases of each row on the way: passes whose
/// outcome is known may be left out, so repeated canvases count once.
final class SamplerRun {
    private final SamplerResult result;
    private final List<List<int[]>> canvases;

    private SamplerRun(SamplerResult result, List<List<int[]>> canvases) {
        this.result = result;
        this.canvases = canvases;
    }

    /// What is run.
    ///
    /// @param settings how
    /// @param tokens the ids with a meaning
    /// @param alignment which hidden state predicts a column
    /// @param hooks what is called on the way
    /// @param input the rows
    record Plan(
            BlockSettings settings, SamplerTokens tokens, Alignment alignment, SamplerHooks hooks, SamplerInput input) {
        Plan with(BlockSettings other) {
            return new Plan(other, tokens, alignment, hooks, input);
        }
    }

    static SamplerRun of(Device.Loaded loaded, Plan plan) {
        return of(loaded.model(), loaded, plan);
    }

    static SamplerRun of(Denoiser model, Passes passes, Plan plan) {
        List<List<int[]>> canvases = new ArrayList<>();
        for (int b = 0; b < plan.input().batch(); b++) {
            canvases.add(new ArrayList<>());
        }
        BlockSampler.Rule rule = new BlockSampler.Rule(
                plan.settings(),
                plan.tokens(),
                plan.alignment(),
                new Noise(plan.settings().seed()));
        SamplerResult result = new BlockSampler(model, passes, rule)
                .withHooks(plan.hooks())
                .sample(plan.input(), step -> {
                    for (int b = 0; b < canvases.size(); b++) {
                        SamplingCases.addDistinct(canvases.get(b), step.ids().get(b));
                    }
                });
        return new SamplerRun(result, canvases);
    }

    SamplerResult result() {
        return result;
    }

    /// The distinct canvases of each row.
    List<List<int[]>> canvases() {
        return canvases;
    }

    /// Requires the distinct canvases of each row to be those of `recorded`, an array of steps, rows and columns,
    /// or of steps and columns where there is one row. Fewer columns than a row has are its last ones.
    void compare(SamplerCase fixture, JsonNode recorded, Deviations deviations) {
        long[] shape = fixture.shape(recorded);
        int columns = (int) shape[shape.length - 1];
        int batch = shape.length == 2 ? 1 : (int) shape[1];
        int[] ids = fixture.ints(recorded);
        for (int b = 0; b < batch; b++) {
            List<int[]> want = new ArrayList<>();
            for (int step = 0; step < shape[0]; step++) {
                int from = (step * batch + b) * columns;
                int length = Math.min(columns, result.ids().get(b).length);
                SamplingCases.addDistinct(want, Arrays.copyOfRange(ids, from, from + length));
            }
            List<int[]> got = new ArrayList<>();
            for (int[] canvas : canvases.get(b)) {
                SamplingCases.addDistinct(
                        got, Arrays.copyOfRange(canvas, Math.max(0, canvas.length - columns), canvas.length));
            }
            boolean same = got.size() == want.size();
            for (int k = 0; same && k < want.size(); k++) {
                same = Arrays.equals(got.get(k), want.get(k));
            }
            deviations.require(same, "the canvases of row " + b + " are " + shown(got) + ", not " + shown(want));
        }
    }

    /// Requires the distinct canvases of the one row, without its first `prompt` columns, to be those of
    /// `recorded`.
    void compare(int prompt, List<int[]> recorded, Deviations deviations) {
        List<int[]> want = new ArrayList<>();
        recorded.forEach(canvas -> SamplingCases.addDistinct(want, canvas));
        List<int[]> got = canvases.getFirst().stream()
                .skip(1)
                .map(canvas -> Arrays.copyOfRange(canvas, prompt, canvas.length))
                .toList();
        boolean same = got.size() == want.size();
        for (int k = 0; same && k < want.size(); k++) {
            same = Arrays.equals(got.get(k), want.get(k));
        }
        deviations.require(same, "the canvases are " + shown(got) + ", not " + shown(want));
    }

    private static String shown(List<int[]> canvases) {
        return canvases.stream().map(Arrays::toString).toList().toString();
    }

    /// Settings with every key of the case's settings that is not null.
    static BlockSettings settings(SamplerCase fixture, String... without) {
        return settings(fixture, Map.of(), without);
    }

    /// The same with `others` in the place of what the case says.
    static BlockSettings settings(SamplerCase fixture, Map<String, String> others, String... without) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String key : fixture.settings().propertyNames()) {
            JsonNode value = fixture.setting(key);
            if (!value.isNull() && !Arrays.asList(without).contains(key)) {
                values.put(key, value.isString() ? value.asString() : value.toString());
            }
        }
        values.putAll(others);
        return Settings.of(BlockSettings.class, values);
    }
}
