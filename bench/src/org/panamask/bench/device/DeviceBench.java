package org.panamask.bench.device;

import java.nio.file.Path;
import java.util.Arrays;

/// Measures one kind of work: `DeviceBench KIND FILE [--small]`, KIND being gemm, attention, step, generate, lora or
/// overhead. Results go to FILE, after each case anew.
public final class DeviceBench {
    private DeviceBench() {}

    /// Measures what `arguments` say.
    public static void main(String[] arguments) {
        Rows rows = new Rows(Path.of(arguments[1]));
        boolean small = Arrays.asList(arguments).contains("--small");
        switch (arguments[0]) {
            case ProductBench.NAME -> new ProductBench(small).measure(rows);
            case AttentionTimes.NAME -> new AttentionTimes(small).measure(rows);
            case ModelBench.PASS -> new ModelBench(small).passes(rows);
            case ModelBench.ANSWER -> new ModelBench(small).answers(rows);
            case ModelBench.ADAPTER -> new ModelBench(small).adapters(rows);
            case OverheadBench.NAME -> new OverheadBench(small).measure(rows);
            default -> throw new IllegalArgumentException("bench: there is no kind " + arguments[0]);
        }
    }
}
