package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.Safetensors;
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// One forward pass of 256 tokens under full attention, with logits at every position.
///
/// @param model what runs
/// @param folder where files are exchanged
/// @param canvas the tokens
record ForwardWork(BenchModel model, Path folder, Canvas canvas) implements Work {
    ForwardWork(BenchModel model, Path folder) {
        this(
                model,
                folder,
                Canvas.of(1, BenchRows.TOKENS, new BenchRows(model.model().vocabularySize()).ids(BenchRows.TOKENS, 7)));
    }

    private Tensor logits(Ops ops) {
        return ops.logits(model.model().hidden(ops, canvas), model.model().head());
    }

    @Override
    public List<Agreement> check(Peer peer) throws IOException {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode asked = mapper.createObjectNode();
        asked.set("ids", mapper.valueToTree(canvas.ids()));
        mapper.writeValue(folder.resolve("check.json"), asked);
        peer.check();
        double[] ours = model.run("check", ops -> ops.doubles(logits(ops)));
        try (Safetensors file = Safetensors.open(folder.resolve("peer.safetensors"))) {
            return List.of(new Agreement(
                    "logits", Agreement.deviation(ours, file.doubles("logits")), tolerance(model.precision())));
        }
    }

    /// Rounding in another order through 12 layers: ten times what was measured in f32, three times what PyTorch's
    /// own bf16 differs from its f32; in fp8, of half as many digits, the size of the numbers is all that is held.
    private static double tolerance(Precision precision) {
        return switch (precision) {
            case F32 -> 2e-5;
            case BF16, F16 -> 4e-2;
            case FP8 -> 3e-1;
            case F64 -> 1e-9;
        };
    }

    @Override
    public double repeat() {
        long start = System.nanoTime();
        model.run("forward", ops -> logits(ops).count());
        return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public void close() {
        model.close();
    }
}
