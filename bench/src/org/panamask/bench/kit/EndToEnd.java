package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.bench.device.AdapterRun;
import org.panamask.bench.device.AnswerRun;
import org.panamask.bench.device.DeviceSize;
import org.panamask.bench.device.OpenDevice;
import org.panamask.model.Model;
import org.panamask.train.StepResult;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Everything once: a toy model is fine-tuned and answers, in f32, on the GPU and on the reference backend, and both
/// must agree. A second process must find every kernel compiled.
final class EndToEnd {
    private static final int STEPS = 6;
    private static final int BATCH = 2;
    private static final int TOKENS = 32;
    /// Roundings of f32 through two layers, back, and five updates.
    private static final double TOLERANCE = 1e-4;

    private EndToEnd() {}

    /// What one backend found: loss and gradient norm of each step, and an answer.
    private record Found(double[] losses, double[] norms, int[] ids) {}

    /// Writes what was found to the file that is named; the exit code is 1 if the backends disagree.
    public static void main(String[] arguments) {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode found = mapper.createObjectNode();
        Found device;
        try (OpenDevice cuda = OpenDevice.open(Precision.F32, Launching.GRAPHS)) {
            device = run(cuda);
            found.set("backend", mapper.valueToTree(cuda.backend().report()));
        }
        Found reference;
        try (OpenDevice plain = OpenDevice.on(
                new ReferenceProvider()
                        .open(BackendSettings.defaults()
                                .with("name", "reference")
                                .with("dtype", Precision.F32)),
                Precision.F32)) {
            reference = run(plain);
        }
        double apart = Math.max(apart(device.losses(), reference.losses()), apart(device.norms(), reference.norms()));
        boolean agree = apart <= TOLERANCE;
        found.put("apart", apart).put("tolerance", TOLERANCE);
        found.put("same_answer", Arrays.equals(device.ids(), reference.ids()));
        found.set("losses", mapper.valueToTree(device.losses()));
        found.set("reference_losses", mapper.valueToTree(reference.losses()));
        found.set("gradient_norms", mapper.valueToTree(device.norms()));
        found.set("reference_gradient_norms", mapper.valueToTree(reference.norms()));
        mapper.writerWithDefaultPrettyPrinter().writeValue(Path.of(arguments[0]), found);
        System.out.println(found.toPrettyString());
        System.exit(agree && found.path("same_answer").asBoolean() ? 0 : 1);
    }

    private static double apart(double[] values, double[] wanted) {
        double most = 0;
        for (int n = 0; n < wanted.length; n++) {
            most = Math.max(most, Math.abs(values[n] - wanted[n]) / wanted[n]);
        }
        return most;
    }

    private static Found run(OpenDevice on) {
        Model model = on.model(DeviceSize.TOY);
        int[] ids = AnswerRun.of(on.backend(), on.precision(), model, new AnswerRun.Plan(8, 16, 4, 8))
                .ids();
        double[] losses = new double[STEPS];
        double[] norms = new double[STEPS];
        try (AdapterRun run = AdapterRun.start(on.backend(), on.precision(), model, 0.1, false)) {
            for (int n = 0; n < STEPS; n++) {
                StepResult result = run.step(n, BATCH, TOKENS);
                losses[n] = result.loss();
                norms[n] = result.gradNorm();
            }
        }
        return new Found(losses, norms, ids);
    }

    /// As a step: twice, in a process of its own each time.
    static Outcome check(KitFolder kit, Step step) throws IOException, InterruptedException {
        Path numbers = kit.numbers(step.name());
        List<String> command = kit.java(EndToEnd.class, numbers.toString());
        for (int time = 0; time < 2; time++) {
            Child child = Child.run(command, kit.log(step.name()), step.limit());
            if (child.ended()) {
                return step.late();
            }
            if (child.exit() != 0) {
                return Outcome.of(false, "exit " + child.exit() + ": " + child.lastLine());
            }
        }
        JsonNode found = JsonMapper.builder().build().readTree(numbers);
        String kernels = found.path("backend").path("kernels").asString("");
        return Outcome.of(
                kernels.contains(", 0 compiled"),
                String.format(
                        Locale.ROOT,
                        "losses and gradients within %.1e of the reference's, the same answer; second start: %s",
                        found.path("apart").asDouble(),
                        kernels));
    }
}
