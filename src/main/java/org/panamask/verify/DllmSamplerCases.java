package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.SamplerHooks;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerTokens;
import org.panamask.tensor.AttentionMask;
import tools.jackson.databind.JsonNode;

/// dllm's `sample` and `infill` over prompts of unequal length.
final class DllmSamplerCases implements SamplerCaseRunner {
    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("dllm")
                && !fixture.output("canvas_after_step").isMissingNode();
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return true;
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        int mask = fixture.input("mask_id").asInt();
        int eos = fixture.input("eos_id").asInt();
        JsonNode answer = fixture.setting("max_new_tokens");
        List<int[]> rows = rows(fixture, answer.asInt(0), mask);
        int longest = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
        BlockSettings asked = SamplerRun.settings(fixture).with("reference", "dllm");
        if (fixture.setting("block_size").isNull()) {
            asked = asked.with("block_size", longest);
        }
        SamplerInput plain = SamplerInput.of(
                rows.toArray(int[][]::new), given(rows, mask, answer.isMissingNode() ? longest : answer.asInt()));
        SamplerInput input = answer.isMissingNode() ? plain.tiled(SamplerInput.Tiling.WHOLE_ROW) : plain;
        SamplerTokens tokens = new SamplerTokens(mask, eos, List.of(eos), List.of());
        SamplerRun.Plan plan = new SamplerRun.Plan(asked, tokens, Alignment.OWN, SamplerHooks.NONE, input);
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            compareLogits(fixture, loaded, rows, deviations);
            for (boolean saves : new boolean[] {false, true}) {
                SamplerRun run = SamplerRun.of(loaded, plan.with(asked.with("exact_savings", saves)));
                compare(fixture, run, eos, deviations);
                int forwards = fixture.output("num_forwards").asInt();
                deviations.require(run.result().forwards() <= forwards, "more passes than " + forwards);
            }
        }
    }

    /// The logits of the first pass; with guidance those of the same canvas behind hidden prompts follow.
    private static void compareLogits(
            SamplerCase fixture, Device.Loaded loaded, List<int[]> rows, Deviations deviations) {
        String name = "logits_first_forward";
        if (fixture.output(name).isMissingNode()) {
            return;
        }
        long[] recorded = fixture.shape(fixture.output(name));
        int batch = (int) recorded[0];
        int columns = (int) recorded[1];
        int mask = fixture.input("mask_id").asInt();
        Set<Integer> keep = new HashSet<>();
        fixture.setting("cfg_keep_tokens").forEach(id -> keep.add(id.asInt()));
        int[] ids = new int[batch * columns];
        List<Integer> lengths = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            int[] row = rows.get(b % rows.size());
            lengths.add(row.length);
            System.arraycopy(row, 0, ids, b * columns, row.length);
            for (int i = b * columns; b >= rows.size() && i < b * columns + row.length; i++) {
                ids[i] = keep.contains(ids[i]) ? ids[i] : mask;
            }
        }
        Canvas canvas = Canvas.of(batch, columns, ids).withMask(new AttentionMask.Lengths(lengths));
        int vocabulary = loaded.model().vocabularySize();
        deviations.compare(
                name,
                loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas)),
                fixture.doubles(fixture.output(name)),
                Deviations.Nearness.ofLogits(fixture),
                n -> n / vocabulary % columns < lengths.get(n / vocabulary / columns));
    }

    private static List<int[]> rows(SamplerCase fixture, int answer, int mask) {
        List<int[]> rows = new ArrayList<>();
        fixture.input("prompts").forEach(prompt -> {
            int[] ids = fixture.ints(prompt);
            int[] row = Arrays.copyOf(ids, ids.length + answer);
            Arrays.fill(row, ids.length, row.length, mask);
            rows.add(row);
        });
        return rows;
    }

    /// A mask before the last `free` columns is a token of the prompt.
    private static boolean[][] given(List<int[]> rows, int mask, int free) {
        boolean[][] given = new boolean[rows.size()][];
        for (int b = 0; b < given.length; b++) {
            given[b] = new boolean[rows.get(b).length];
            for (int i = 0; i < given[b].length; i++) {
                given[b][i] = rows.get(b)[i] != mask || i < given[b].length - free;
            }
        }
        return given;
    }

    /// The reference's canvases are padded on the right with `eos`.
    private static void compare(SamplerCase fixture, SamplerRun run, int eos, Deviations deviations) {
        JsonNode recorded = fixture.output("canvas_after_step");
        long[] shape = fixture.shape(recorded);
        int columns = (int) shape[shape.length - 1];
        int batch = run.canvases().size();
        int[] ids = fixture.ints(recorded);
        for (int b = 0; b < batch; b++) {
            List<int[]> want = new ArrayList<>();
            for (int step = 0; step < shape[0]; step++) {
                SamplingCases.addDistinct(
                        want, Arrays.copyOfRange(ids, (step * batch + b) * columns, (step * batch + b + 1) * columns));
            }
            List<int[]> got = run.canvases().get(b).stream()
                    .map(canvas -> {
                        int[] padded = Arrays.copyOf(canvas, columns);
                        Arrays.fill(padded, canvas.length, columns, eos);
                        return padded;
                    })
                    .toList();
            boolean same = got.size() == want.size();
            for (int k = 0; same && k < want.size(); k++) {
                same = Arrays.equals(got.get(k), want.get(k));
            }
            deviations.require(same, "the canvases of row " + b + " differ");
        }
    }
}
