package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Passes;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerTokens;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Weight;
import tools.jackson.databind.JsonNode;

/// dInfer's decoders on given logits: the canvas after each step; and the rule `factor` on given confidences.
final class DecoderCases implements SamplerCaseRunner {
    /// Tokens among which what a confidence leaves is spread.
    private static final int OTHERS = 255;

    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dinfer")
                && (fixture.id().startsWith("decoder_") || fixture.id().equals("factor_rule"));
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        if (fixture.id().equals("factor_rule")) {
            fixture.outputs().forEach(one -> factor(fixture, one, device, deviations));
            return;
        }
        JsonNode logits = fixture.input("logits");
        int columns = (int) fixture.shape(logits)[1];
        int vocabulary = (int) fixture.shape(logits)[2];
        int[] canvases = fixture.ints(fixture.output("canvas_after_step"));
        BlockSettings settings = SamplerRun.settings(fixture)
                .with("block_size", columns)
                .with("reference", "dinfer")
                .with("early_stop", false);
        Fused fused = new Fused(vocabulary);
        SamplerHooks hooks = fixture.output("fused_logits").isMissingNode()
                ? SamplerHooks.NONE
                : SamplerHooks.NONE.withLogits(fused);
        SamplerRun.Plan plan = new SamplerRun.Plan(
                settings,
                tokens(fixture.input("mask_id").asInt()),
                Alignment.OWN,
                hooks,
                input(Arrays.copyOf(canvases, columns), fixture.input("mask_id").asInt()));
        run(device, vocabulary, fixture.doubles(logits), plan)
                .compare(fixture, fixture.output("canvas_after_step"), deviations);
        if (!fused.seen.isEmpty()) {
            fused.compare(fixture, columns, deviations);
        }
    }

    private static SamplerTokens tokens(int mask) {
        return new SamplerTokens(mask, mask, List.of(), List.of());
    }

    private static SamplerInput input(int[] canvas, int mask) {
        boolean[] given = new boolean[canvas.length];
        for (int i = 0; i < given.length; i++) {
            given[i] = canvas[i] != mask;
        }
        return SamplerInput.of(new int[][] {canvas}, new boolean[][] {given}).tiled(SamplerInput.Tiling.WHOLE_ROW);
    }

    private static SamplerRun run(Device device, int vocabulary, double[] logits, SamplerRun.Plan plan) {
        try (Owner owner = device.backend().owner("verify")) {
            Weight head = device.run(ops -> ops.weight(owner, GivenLogits.unit(vocabulary), false));
            return device.run(ops ->
                    SamplerRun.of(new GivenLogits(head, logits), Passes.within(ops, device.backend()::owner), plan));
        }
    }

    /// What the first step opens where the surest tokens have the confidences of the case.
    private static void factor(SamplerCase fixture, JsonNode one, Device device, Deviations deviations) {
        double[] confidences = fixture.doubles(one.path("confidence"));
        int[] masked = fixture.ints(one.path("masked"));
        int mask = OTHERS + 1;
        int[] canvas = new int[masked.length];
        double[] logits = new double[masked.length * masked.length * (OTHERS + 2)];
        for (int i = 0; i < canvas.length; i++) {
            canvas[i] = masked[i] == 1 ? mask : 0;
            for (int pass = 0; pass < canvas.length; pass++) {
                int from = (pass * canvas.length + i) * (OTHERS + 2);
                Arrays.fill(logits, from, from + OTHERS + 1, Math.log((1 - confidences[i]) / OTHERS));
                logits[from] = Math.log(confidences[i]);
                logits[from + mask] = -1e4;
            }
        }
        BlockSettings settings = BlockSettings.defaults()
                .with("factor", one.path("factor").asDouble())
                .with("block_size", canvas.length);
        SamplerRun.Plan plan =
                new SamplerRun.Plan(settings, tokens(mask), Alignment.OWN, SamplerHooks.NONE, input(canvas, mask));
        int[] after =
                run(device, OTHERS + 2, logits, plan).canvases().getFirst().get(1);
        List<Integer> opened = new ArrayList<>();
        for (int i = 0; i < after.length; i++) {
            if (after[i] != canvas[i]) {
                opened.add(i);
            }
        }
        deviations.compareIds(
                "factor " + one.path("factor"),
                opened.stream().mapToInt(i -> i).toArray(),
                fixture.ints(one.path("plain_rule_selects")));
    }

    /// Logits with credit, as a hook sees them.
    private static final class Fused implements SamplerHooks.Logits {
        private final int vocabulary;
        private final List<Seen> seen = new ArrayList<>();

        private static final class Seen {
            private final int step;
            private final int column;
            private final double[] logits;

            Seen(int step, int column, double[] logits) {
                this.step = step;
                this.column = column;
                this.logits = logits;
            }
        }

        Fused(int vocabulary) {
            this.vocabulary = vocabulary;
        }

        @Override
        public void change(int step, int row, int column, double[] logits) {
            seen.add(new Seen(step, column, logits.clone()));
        }

        void compare(SamplerCase fixture, int columns, Deviations deviations) {
            double[] want = fixture.doubles(fixture.output("fused_logits"));
            for (Seen one : seen) {
                int from = (one.step * columns + one.column) * vocabulary;
                deviations.compare(
                        "fused_logits after " + one.step,
                        one.logits,
                        Arrays.copyOfRange(want, from, from + vocabulary),
                        new Deviations.Nearness(fixture.tolerance("logits_abs"), 0));
            }
        }
    }
}
