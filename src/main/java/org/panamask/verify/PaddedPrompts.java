package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.diffusion.Canvas;
import org.panamask.sampling.SamplerInput;
import org.panamask.tensor.AttentionMask;
import tools.jackson.databind.JsonNode;

/// The prompts of a case, with columns to fill in behind them. Padding on the left is taken away, as rows of ours need
/// none.
///
/// @param rows the canvases without padding
/// @param offsets how many columns of padding each had
/// @param answer the columns to fill in
record PaddedPrompts(List<int[]> rows, int[] offsets, int answer) {
    /// Keeps its own copies.
    PaddedPrompts {
        rows = List.copyOf(rows);
        offsets = offsets.clone();
    }

    static PaddedPrompts of(SamplerCase fixture, int answer) {
        long[] shape = fixture.shape(fixture.input("prompt_ids"));
        int[] ids = fixture.ints(fixture.input("prompt_ids"));
        boolean padded = !fixture.input("attention_mask").isNull()
                && !fixture.input("attention_mask").isMissingNode();
        int[] marks = padded ? fixture.ints(fixture.input("attention_mask")) : new int[0];
        int mask = fixture.input("mask_id").asInt();
        int prompt = (int) shape[1];
        List<int[]> rows = new ArrayList<>();
        int[] offsets = new int[(int) shape[0]];
        for (int b = 0; b < offsets.length; b++) {
            while (padded && marks[b * prompt + offsets[b]] == 0) {
                offsets[b]++;
            }
            int[] row = Arrays.copyOfRange(ids, b * prompt + offsets[b], (b + 1) * prompt + answer);
            Arrays.fill(row, prompt - offsets[b], row.length, mask);
            System.arraycopy(ids, b * prompt + offsets[b], row, 0, prompt - offsets[b]);
            rows.add(row);
        }
        return new PaddedPrompts(rows, offsets, answer);
    }

    SamplerInput input() {
        boolean[][] given = new boolean[rows.size()][];
        for (int b = 0; b < given.length; b++) {
            given[b] = new boolean[rows.get(b).length];
            Arrays.fill(given[b], 0, given[b].length - answer, true);
        }
        return SamplerInput.of(rows.toArray(int[][]::new), given);
    }

    /// The columns of all rows with padding.
    int columns() {
        return rows.getFirst().length + offsets[0];
    }

    /// Compares the logits `name` that the model gave for the canvases after `step`, with what the case adds to
    /// them; with guidance those of the same canvases without prompts follow.
    void compareLogits(
            SamplerCase fixture, Device.Loaded loaded, String name, int step, boolean guided, Deviations deviations) {
        if (fixture.output(name).isMissingNode()) {
            return;
        }
        List<int[]> canvases = canvases(fixture, step);
        if (guided) {
            for (int b = 0; b < rows.size(); b++) {
                int[] hidden = canvases.get(b).clone();
                Arrays.fill(
                        hidden,
                        0,
                        hidden.length - answer,
                        fixture.input("mask_id").asInt());
                canvases.add(hidden);
            }
        }
        double[] got = logits(loaded, canvases);
        int vocabulary = loaded.model().vocabularySize();
        JsonNode bias = fixture.input("logit_bias");
        for (String id : bias.propertyNames()) {
            for (int n = Integer.parseInt(id); n < got.length; n += vocabulary) {
                got[n] += bias.path(id).asDouble();
            }
        }
        deviations.compare(
                name,
                got,
                fixture.doubles(fixture.output(name)),
                Deviations.Nearness.ofLogits(fixture),
                n -> isReal(n / vocabulary));
    }

    /// The canvases after `step` as the case records them.
    private List<int[]> canvases(SamplerCase fixture, int step) {
        long[] shape = fixture.shape(fixture.output("generated_after_step"));
        int[] ids = fixture.ints(fixture.output("generated_after_step"));
        int recorded = (int) shape[shape.length - 1];
        List<int[]> canvases = new ArrayList<>();
        for (int b = 0; b < rows.size(); b++) {
            int[] canvas = rows.get(b).clone();
            int count = Math.min(recorded, canvas.length);
            int end = (step * rows.size() + b + 1) * recorded;
            System.arraycopy(ids, end - count, canvas, canvas.length - count, count);
            canvases.add(canvas);
        }
        return canvases;
    }

    private double[] logits(Device.Loaded loaded, List<int[]> canvases) {
        int columns = columns();
        int vocabulary = loaded.model().vocabularySize();
        int[] ids = new int[canvases.size() * columns];
        List<Integer> lengths = new ArrayList<>();
        for (int b = 0; b < canvases.size(); b++) {
            System.arraycopy(canvases.get(b), 0, ids, b * columns, canvases.get(b).length);
            lengths.add(canvases.get(b).length);
        }
        Canvas canvas = Canvas.of(canvases.size(), columns, ids).withMask(new AttentionMask.Lengths(lengths));
        double[] got = loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas));
        double[] shifted = new double[got.length];
        for (int b = 0; b < canvases.size(); b++) {
            int offset = offsets[b % offsets.length];
            int count = (columns - offset) * vocabulary;
            System.arraycopy(got, b * columns * vocabulary, shifted, (b * columns + offset) * vocabulary, count);
        }
        return shifted;
    }

    /// Whether column `n` of all canvases together is no padding.
    private boolean isReal(int n) {
        return n % columns() >= offsets[n / columns() % offsets.length];
    }
}
