package org.panamask.bench.kit;

import java.util.ArrayList;
import java.util.List;

/// The steps in the order in which a device that nobody has seen should be asked.
final class KitSteps {
    private KitSteps() {}

    /// All of them.
    static List<Step> all() {
        List<Step> steps = new ArrayList<>(checks());
        steps.add(Step.of("bench-gemm", "Products beside PyTorch", 20, Benches.of("gemm", true)));
        steps.add(Step.of("bench-attention", "Attention beside PyTorch", 20, Benches.of("attention", true)));
        steps.add(Step.of("bench-step", "One denoising pass beside PyTorch", 20, Benches.of("step", true)));
        steps.add(Step.of("bench-generate", "An answer beside PyTorch", 20, Benches.of("generate", true)));
        steps.add(Step.of("bench-lora", "A LoRA step beside PyTorch", 20, Benches.of("lora", true)));
        steps.add(Step.of("bench-overhead", "What the host costs", 10, Benches.of("overhead", false)));
        return steps;
    }

    private static List<Step> checks() {
        List<Step> steps = new ArrayList<>();
        steps.add(Step.of(DeviceFacts.STEP, "Device, driver and libraries", 2, DeviceFacts::find));
        steps.add(Step.of("doctor", "panamask doctor", 2, Programs::doctor));
        steps.add(Step.of("end-to-end", "A toy model is tuned and answers, as on the reference", 10, EndToEnd::check));
        steps.add(Step.of("fragments", "Fragments, roundings and random numbers", 5, Tests.of(Tests.DIALECT)));
        steps.add(Step.of("tests", "Contract, gradient and device tests", 40, Tests.of(Tests.ALL)));
        for (String tool : List.of("memcheck", "racecheck", "initcheck", "synccheck")) {
            steps.add(Step.of("sanitizer-" + tool, "compute-sanitizer " + tool, 20, Tests.sanitized(tool)));
        }
        steps.add(Step.of("products", "What cuBLASLt offers for every product", 10, Programs.own(ProductTable.class)));
        steps.add(Step.of("cudnn", "What cuDNN plans of attention", 10, Programs::cudnn));
        steps.add(Step.of("steady", "Graphs, and 1,000 steps in the same memory", 10, Programs.own(SteadyState.class)));
        for (String dtype : List.of("f32", "bf16", "f16")) {
            steps.add(Step.of("verify-" + dtype, "Golden cases in " + dtype, 15, Programs.verify(dtype)));
        }
        return steps;
    }
}
