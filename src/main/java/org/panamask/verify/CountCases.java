package org.panamask.verify;

import java.util.Arrays;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.OpeningCounts;
import tools.jackson.databind.JsonNode;

/// How many columns open in each step: Dream's times, dllm's noise schedules and LLaDA's quotas alone.
final class CountCases implements SamplerCaseRunner {
    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.id().equals("schedule") && !fixture.kind().equals("dinfer");
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        for (JsonNode one : fixture.outputs()) {
            String transfer = one.path("scheduler").isString()
                    ? "alpha_" + one.path("scheduler").asString()
                    : "timestep";
            BlockSettings settings = BlockSettings.defaults().with("transfer", transfer);
            if (one.path("eps").isNumber()) {
                settings = settings.with("eps", one.path("eps").asDouble());
            }
            int masks = one.path("masks").asInt();
            int steps = one.path("steps").asInt();
            compare(fixture, one.path("revealed"), OpeningCounts.of(settings, masks, steps), deviations);
            if (one.path("llada_quota").isArray()) {
                BlockSettings quota = BlockSettings.defaults().with("transfer", "quota");
                compare(fixture, one.path("llada_quota"), OpeningCounts.of(quota, masks, steps), deviations);
            }
        }
    }

    private static void compare(SamplerCase fixture, JsonNode want, int[] got, Deviations deviations) {
        deviations.compareIds(Arrays.toString(got), got, fixture.ints(want));
    }
}
