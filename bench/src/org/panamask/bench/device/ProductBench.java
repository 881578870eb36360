package org.panamask.bench.device;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.backend.Precision;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products with frozen weights at the shapes of models, forward and back to the input. In fp8 the activations are
/// scaled and rounded in the time that is measured, on either side.
///
/// @param small toy shapes
record ProductBench(boolean small) {
    static final String NAME = "gemm";

    /// A weight and a number of rows.
    private record Extents(int rows, int out, int in) {}

    void measure(Rows rows) {
        for (Precision precision : List.of(Precision.BF16, Precision.F16, Precision.FP8)) {
            for (Extents extents : extents()) {
                rows.on(NAME, precision, device -> measure(rows, device, extents));
            }
        }
    }

    private List<Extents> extents() {
        if (small) {
            return List.of(new Extents(32, 64, 48));
        }
        List<Extents> weights = List.of(
                new Extents(0, 2048, 2048),
                new Extents(0, 8192, 2048),
                new Extents(0, 2048, 8192),
                new Extents(0, 4096, 4096),
                new Extents(0, 14_336, 4096),
                new Extents(0, 4096, 14_336));
        return List.of(256, 4096).stream()
                .flatMap(rows -> weights.stream().map(each -> new Extents(rows, each.out(), each.in())))
                .toList();
    }

    private static void measure(Rows rows, OpenDevice device, Extents extents) {
        Weight w = device.weight("w", extents.out(), extents.in());
        Tensor x = device.random("x", extents.rows(), extents.in());
        Tensor dy = device.random("dy", extents.rows(), extents.out());
        Rows.Work work = Rows.Work.flops(2.0 * extents.rows() * extents.out() * extents.in());
        rows.measure(
                new Rows.Case(NAME, "forward " + text(extents), device.precision(), parameters(extents, false)),
                work,
                () -> device.time(ops -> ops.linear(x, w)));
        rows.measure(
                new Rows.Case(NAME, "backward " + text(extents), device.precision(), parameters(extents, true)),
                work,
                () -> device.time(ops -> {
                    Tensor dx = ops.empty(x.shape(), x.dtype());
                    ops.linearBackward(dy, w, 1, new Into(dx, false));
                }));
    }

    private static String text(Extents extents) {
        return extents.rows() + " x " + extents.in() + " -> " + extents.out();
    }

    private static Map<String, Object> parameters(Extents extents, boolean backward) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("rows", extents.rows());
        parameters.put("out", extents.out());
        parameters.put("in", extents.in());
        parameters.put("backward", backward);
        return parameters;
    }
}
