package org.panamask.model;

import java.util.Arrays;
import java.util.Optional;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.LayerRows;
import org.panamask.nn.Rows;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;

/// The rows of a canvas on the device, for the inner layers and for the last.
///
/// @param inner all rows in and out
/// @param last all rows in, the wanted ones out
record CanvasRows(LayerRows inner, LayerRows last) {
    /// Uploads what the layers need to know of `canvas`.
    ///
    /// @throws ModelException if a position or an id is out of the model's range
    static CanvasRows upload(Ops ops, Canvas canvas, ModelFacts facts) {
        int[] positions = canvas.positions();
        requireBelow("positions", positions, facts.maxPositions(), "take a shorter canvas");
        requireBelow("token ids", canvas.ids(), facts.vocabularySize(), "take the tokenizer of the model");
        int[] everything = new int[positions.length];
        Arrays.setAll(everything, n -> n);
        Rows all = rows(ops, canvas, everything);
        LayerRows inner =
                new LayerRows(all, all, Optional.empty(), canvas.mask().lower(canvas.batch(), canvas.tokens()));
        if (canvas.wantsAllRows()) {
            return new CanvasRows(inner, inner);
        }
        int[] wanted = canvas.rows();
        LayerRows last = new LayerRows(
                all,
                rows(ops, canvas, wanted),
                Optional.of(ops.upload(Shape.of(wanted.length), wanted)),
                canvas.mask().lower(canvas.batch(), canvas.tokens(), wanted));
        return new CanvasRows(inner, last);
    }

    private static Rows rows(Ops ops, Canvas canvas, int[] chosen) {
        int[] positions = canvas.positions();
        Rows rows =
                Rows.upload(ops, Arrays.stream(chosen).map(n -> positions[n]).toArray());
        return canvas.dropout()
                .map(dropout -> rows.withDropout(
                        ops,
                        dropout.seed(),
                        Arrays.stream(chosen).map(canvas::dropoutSample).toArray(),
                        Arrays.stream(chosen).map(n -> positions[n]).toArray()))
                .orElse(rows);
    }

    private static void requireBelow(String what, int[] values, int bound, String advice) {
        for (int value : values) {
            if (value < 0 || value >= bound) {
                throw new ModelException("hidden states: " + what + " must be from 0 to " + (bound - 1) + ", but got "
                        + value + "; " + advice);
            }
        }
    }
}
