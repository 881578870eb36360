package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Forward passes of the diffusion models: over full rows, and over rows padded on the left, whose padding counts for
/// nothing.
final class ModelForwardCases implements SamplerCaseRunner {
    private static final Set<String> KINDS = Set.of("llada_forward", "dream_forward");
    private static final String FIRST = "hidden_after_layer0";

    @Override
    public boolean takes(SamplerCase fixture) {
        return KINDS.contains(fixture.kind());
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        Canvas canvas = canvas(fixture);
        IntPredicate real = real(fixture);
        Deviations.Nearness near = Deviations.Nearness.ofLogits(fixture);
        if (fixture.outputs().has(FIRST)) {
            double[] recorded = fixture.doubles(fixture.output(FIRST));
            FirstLayer.Compared compared = FirstLayer.compare(fixture.model().orElseThrow(), device, canvas, recorded);
            deviations.compare(FIRST, compared.got(), compared.want(), near);
        }
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            if (fixture.outputs().has("embeddings")) {
                double[] rows = loaded.run(ops -> embeddings(ops, loaded, canvas));
                deviations.compare("embeddings", rows, fixture.doubles(fixture.output("embeddings")), near);
            }
            if (fixture.outputs().has("final_norm")) {
                double[] hidden = loaded.run(ops -> ops.doubles(loaded.model().hidden(ops, canvas)));
                deviations.compare("final_norm", hidden, fixture.doubles(fixture.output("final_norm")), near);
            }
            double[] logits = loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas));
            int vocabulary = loaded.model().vocabularySize();
            deviations.compare(
                    "logits", logits, fixture.doubles(fixture.output("logits")), near, n -> real.test(n / vocabulary));
        }
    }

    private static double[] embeddings(Ops ops, Device.Loaded loaded, Canvas canvas) {
        Tensor ids = ops.upload(Shape.of(canvas.ids().length), canvas.ids());
        return ops.doubles(ops.embedding(ids, loaded.model().embedding()));
    }

    private static Canvas canvas(SamplerCase fixture) {
        long[] shape = fixture.shape(fixture.input("input_ids"));
        int tokens = (int) shape[1];
        Canvas plain = Canvas.of((int) shape[0], tokens, fixture.ints(fixture.input("input_ids")));
        Canvas masked = fixture.input("attention_mask").isMissingNode()
                ? plain
                : plain.withMask(visible(fixture.ints(fixture.input("attention_mask")), tokens));
        return fixture.input("position_ids").isMissingNode()
                ? masked
                : masked.withPositions(fixture.ints(fixture.input("position_ids")));
    }

    private static IntPredicate real(SamplerCase fixture) {
        if (fixture.input("attention_mask").isMissingNode()) {
            return _ -> true;
        }
        int[] marks = fixture.ints(fixture.input("attention_mask"));
        return row -> marks[row] == 1;
    }

    /// The keys marked 1 in each row.
    static AttentionMask visible(int[] marks, int tokens) {
        AttentionMask.Spans spans = spans(marks, tokens);
        int count = spans.spans().stream()
                .mapToInt(span -> span.end() - span.start())
                .sum();
        if (count == Arrays.stream(marks).sum()) {
            return spans;
        }
        BitSet bits = new BitSet();
        for (int row = 0; row < marks.length; row++) {
            for (int key = 0; key < tokens; key++) {
                bits.set(row * tokens + key, marks[row / tokens * tokens + key] == 1);
            }
        }
        return new AttentionMask.Given(marks.length / tokens, tokens, bits);
    }

    /// From the first mark of 1 in each row to the last.
    private static AttentionMask.Spans spans(int[] marks, int tokens) {
        List<AttentionMask.Span> spans = new ArrayList<>();
        for (int row = 0; row < marks.length; row += tokens) {
            int start = row;
            int end = row + tokens;
            while (start < end && marks[start] == 0) {
                start++;
            }
            while (end > start && marks[end - 1] == 0) {
                end--;
            }
            spans.add(new AttentionMask.Span(start - row, end - row));
        }
        return new AttentionMask.Spans(spans);
    }
}
