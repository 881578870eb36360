package org.panamask.bench.device;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Model;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// What the host costs: one pass of a job of its own, whose result is waited for, against one of many passes in a job,
/// which the device does back to back. Their difference is what starting and waiting take; graphs should make it small.
///
/// @param small toy sizes
record OverheadBench(boolean small) {
    static final String NAME = "overhead";

    void measure(Rows rows) {
        DeviceSize size = small ? DeviceSize.TOY : DeviceSize.ONE_B;
        int tokens = small ? 32 : 256;
        for (Launching launching : List.of(Launching.GRAPHS, Launching.EAGER)) {
            try (OpenDevice device = OpenDevice.open(Precision.BF16, launching)) {
                Model model = device.model(size);
                int[] ids = new Random(3)
                        .ints(tokens, 0, size.config().vocabularySize())
                        .toArray();
                Canvas canvas = Canvas.of(1, tokens, ids);
                String name = size.label() + ", " + tokens + " tokens, "
                        + launching.name().toLowerCase(Locale.ROOT);
                Map<String, Object> parameters = new LinkedHashMap<>(size.parameters());
                parameters.put("launch", launching.name());
                rows.measure(
                        new Rows.Case(NAME, name + ", many passes a job", device.precision(), parameters),
                        new Rows.Work(1, "passes"),
                        () -> device.time(ops -> ops.logits(model.hidden(ops, canvas), model.head())));
                rows.measure(
                        new Rows.Case(NAME, name + ", one pass a job", device.precision(), parameters),
                        new Rows.Work(1, "passes"),
                        () -> Timing.single(
                                () -> device.run(ops -> {
                                    Tensor mark = ops.upload(Shape.of(1), new double[1]);
                                    ops.logits(model.hidden(ops, canvas), model.head());
                                    return ops.doubles(mark);
                                }),
                                4));
                rows.note(
                        "launches " + launching.name().toLowerCase(Locale.ROOT),
                        device.backend().report());
            }
        }
    }
}
