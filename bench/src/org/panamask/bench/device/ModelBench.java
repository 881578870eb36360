package org.panamask.bench.device;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Model;

/// Whole models with random weights: one denoising pass with logits at every position, an answer by blocks, an
/// optimizer step of an adapter.
///
/// @param small toy sizes
record ModelBench(boolean small) {
    static final String PASS = "step";
    static final String ANSWER = "generate";
    static final String ADAPTER = "lora";

    private static final List<Precision> PRECISIONS = List.of(Precision.BF16, Precision.F16, Precision.FP8);

    private List<DeviceSize> sizes() {
        return small ? List.of(DeviceSize.TOY) : List.of(DeviceSize.ONE_B, DeviceSize.EIGHT_B);
    }

    /// Does `work` with a model of each size in each type.
    private void each(Rows rows, String bench, Measuring work) {
        for (DeviceSize size : sizes()) {
            for (Precision precision : PRECISIONS) {
                rows.on(bench, precision, device -> work.measure(rows, device, size, device.model(size)));
            }
        }
    }

    private interface Measuring {
        void measure(Rows rows, OpenDevice device, DeviceSize size, Model model);
    }

    void passes(Rows rows) {
        each(rows, PASS, (_, device, size, model) -> {
            for (int tokens : small ? List.of(32) : List.of(256, 2048)) {
                Canvas canvas = Canvas.of(1, tokens, TokenIds.random(model, tokens, tokens));
                Map<String, Object> parameters = new LinkedHashMap<>(size.parameters());
                parameters.put("tokens", tokens);
                rows.measure(
                        new Rows.Case(PASS, size.label() + ", " + tokens + " tokens", device.precision(), parameters),
                        new Rows.Work(tokens, "tokens"),
                        () -> device.time(ops -> ops.logits(model.hidden(ops, canvas), model.head())));
            }
        });
    }

    void answers(Rows rows) {
        int prompt = small ? 8 : 64;
        int answer = small ? 16 : 128;
        int steps = small ? 4 : 64;
        int block = small ? 8 : 32;
        each(rows, ANSWER, (_, device, size, model) -> {
            Map<String, Object> parameters = new LinkedHashMap<>(size.parameters());
            parameters.put("prompt", prompt);
            parameters.put("answer", answer);
            parameters.put("steps", steps);
            parameters.put("block", block);
            AnswerRun run = AnswerRun.of(
                    device.backend(), device.precision(), model, new AnswerRun.Plan(prompt, answer, steps, block));
            rows.measure(
                    new Rows.Case(
                            ANSWER,
                            size.label() + ", " + answer + " tokens in " + steps + " steps",
                            device.precision(),
                            parameters),
                    new Rows.Work(answer, "tokens"),
                    () -> Timing.single(run::ids, 2));
        });
    }

    void adapters(Rows rows) {
        int batch = small ? 2 : 4;
        int tokens = small ? 32 : 1024;
        each(rows, ADAPTER, (_, device, size, model) -> {
            boolean recompute = size == DeviceSize.EIGHT_B;
            Map<String, Object> parameters = new LinkedHashMap<>(size.parameters());
            parameters.put("batch", batch);
            parameters.put("tokens", tokens);
            parameters.put("rank", AdapterRun.RANK);
            parameters.put("recompute", recompute);
            String name = size.label() + ", " + batch + " x " + tokens + " tokens" + (recompute ? ", recomputed" : "");
            try (AdapterRun run = AdapterRun.start(device.backend(), device.precision(), model, 0, recompute)) {
                int[] step = {0};
                rows.measure(
                        new Rows.Case(ADAPTER, name, device.precision(), parameters),
                        new Rows.Work(batch * tokens, "tokens"),
                        () -> Timing.single(() -> run.step(step[0]++, batch, tokens), 4));
            }
        });
    }
}
