package org.panamask.bench.device;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.panamask.backend.Precision;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Tensor;

/// Attention at the shapes of FlashAttention-2's own benches: 16,384 tokens in rows of a length, heads whose widths sum
/// to 2,048. Of an annealed mask at ratio 1/2 three quarters of all pairs are counted.
///
/// @param small toy shapes
record AttentionTimes(boolean small) {
    static final String NAME = "attention";
    private static final double RATIO = 0.5;

    private enum Visibility {
        FULL(1),
        CAUSAL(0.5),
        ANNEALED(0.75);

        private final double share;

        Visibility(double share) {
            this.share = share;
        }

        AttentionMask mask() {
            return switch (this) {
                case FULL -> new AttentionMask.Full();
                case CAUSAL -> new AttentionMask.Causal();
                case ANNEALED -> new AttentionMask.Annealed(RATIO, 7, new AttentionMask.Full());
            };
        }
    }

    private record Extents(int batch, int length, int heads, int width) {
        double flops(Visibility visibility) {
            return 4.0 * batch * length * length * heads * width * visibility.share;
        }

        String text() {
            return "d " + width + ", L " + length;
        }
    }

    void measure(Rows rows) {
        for (Extents extents : extents()) {
            for (Visibility visibility : Visibility.values()) {
                rows.on(NAME, Precision.BF16, device -> measure(rows, device, extents, visibility));
            }
            rows.on(NAME, Precision.F16, device -> measure(rows, device, extents, Visibility.FULL));
        }
    }

    private List<Extents> extents() {
        if (small) {
            return List.of(new Extents(1, 48, 2, 16));
        }
        List<Extents> all = new ArrayList<>();
        for (int width : List.of(64, 128)) {
            for (int length : List.of(512, 1024, 2048, 4096, 8192)) {
                all.add(new Extents(16_384 / length, length, 2048 / width, width));
            }
        }
        return all;
    }

    private static void measure(Rows rows, OpenDevice device, Extents extents, Visibility visibility) {
        long tokens = (long) extents.batch() * extents.length();
        Tensor q = device.random("q", tokens, extents.heads(), extents.width());
        Tensor k = device.random("k", tokens, extents.heads(), extents.width());
        Tensor v = device.random("v", tokens, extents.heads(), extents.width());
        Tensor dy = device.random("dy", tokens, extents.heads(), extents.width());
        KeyIntervals visible = visibility.mask().lower(extents.batch(), extents.length());
        String name = visibility.name().toLowerCase(Locale.ROOT) + " " + extents.text();
        rows.measure(
                new Rows.Case(NAME, "forward " + name, device.precision(), parameters(extents, visibility, false)),
                Rows.Work.flops(extents.flops(visibility)),
                () -> device.time(ops -> ops.attention(q, k, v, visible)));
        rows.measure(
                new Rows.Case(NAME, "backward " + name, device.precision(), parameters(extents, visibility, true)),
                Rows.Work.flops(2.5 * extents.flops(visibility)),
                () -> device.time(ops -> ops.attentionBackward(
                        dy,
                        new BackwardOps.AttentionInputs(q, k, v, visible),
                        fresh(ops, q),
                        fresh(ops, k),
                        fresh(ops, v))));
    }

    private static Into fresh(BackwardOps ops, Tensor like) {
        return new Into(ops.empty(like.shape(), like.dtype()), false);
    }

    private static Map<String, Object> parameters(Extents extents, Visibility visibility, boolean backward) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("batch", extents.batch());
        parameters.put("length", extents.length());
        parameters.put("heads", extents.heads());
        parameters.put("width", extents.width());
        parameters.put("mask", visibility.name().toLowerCase(Locale.ROOT));
        parameters.put("backward", backward);
        return parameters;
    }
}
