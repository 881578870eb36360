package org.panamask.bench.kit;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.panamask.backend.Backend;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.bench.device.AdapterRun;
import org.panamask.bench.device.AnswerRun;
import org.panamask.bench.device.DeviceSize;
import org.panamask.bench.device.OpenDevice;
import org.panamask.model.Model;
import org.panamask.train.StepResult;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Whether graphs that are replayed with new numbers, seeds and masks on the device give the bits of kernels started
/// one by one, and whether many steps take no more memory than the first few.
final class SteadyState {
    private static final int STEPS = 1000;
    private static final int FEW_STEPS = 30;
    private static final int COMPARED = 20;
    private static final int SETTLED = 5;
    private static final int BATCH = 2;
    private static final int TOKENS = 32;

    private SteadyState() {}

    /// Writes what was found to the file that is named; the exit code is 1 if a bit or a byte is wrong.
    public static void main(String[] arguments) {
        int steps = List.of(arguments).contains("--small") ? FEW_STEPS : STEPS;
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode found = mapper.createObjectNode();
        boolean steady = memory(found, steps);
        double[][] graphs = results(Launching.GRAPHS);
        double[][] eager = results(Launching.EAGER);
        boolean answers = Arrays.equals(graphs[0], eager[0]);
        boolean losses = Arrays.equals(graphs[1], eager[1]);
        found.put("same_answers", answers).put("same_losses", losses);
        mapper.writerWithDefaultPrettyPrinter().writeValue(Path.of(arguments[0]), found);
        System.out.println(found.toPrettyString());
        System.out.println(summary(steps, steady, answers && losses));
        System.exit(steady && answers && losses ? 0 : 1);
    }

    private static String summary(int steps, boolean steady, boolean equal) {
        return steps + " steps " + (steady ? "took no memory after the first " + SETTLED : "TOOK MORE MEMORY")
                + "; graphs and single launches are " + (equal ? "equal to the last bit" : "NOT EQUAL");
    }

    private static boolean memory(ObjectNode found, int steps) {
        try (OpenDevice device = OpenDevice.open(Precision.BF16, Launching.GRAPHS);
                AdapterRun run = AdapterRun.start(
                        device.backend(), device.precision(), device.model(DeviceSize.TOY), 0.1, false)) {
            Backend backend = device.backend();
            long allocations = 0;
            long peak = 0;
            for (int n = 0; n < steps; n++) {
                run.step(n, BATCH, TOKENS);
                if (n == SETTLED) {
                    allocations = backend.ledger().allocations();
                    peak = backend.ledger().peak();
                }
            }
            found.put("steps", steps)
                    .put("peak_bytes_settled", peak)
                    .put("peak_bytes", backend.ledger().peak())
                    .put("allocations_settled", allocations)
                    .put("allocations", backend.ledger().allocations())
                    .put("launches", backend.report().getOrDefault("launches", ""));
            return backend.ledger().peak() == peak && backend.ledger().allocations() == allocations;
        }
    }

    /// The ids of an answer, and losses and gradient norms of steps whose dropout, noise and masks change.
    private static double[][] results(Launching launching) {
        try (OpenDevice device = OpenDevice.open(Precision.BF16, launching)) {
            Model model = device.model(DeviceSize.TOY);
            AnswerRun answer =
                    AnswerRun.of(device.backend(), device.precision(), model, new AnswerRun.Plan(8, 16, 4, 8));
            answer.ids();
            answer.ids();
            double[] ids = Arrays.stream(answer.ids()).asDoubleStream().toArray();
            double[] sums = new double[2 * COMPARED];
            try (AdapterRun run = AdapterRun.start(device.backend(), device.precision(), model, 0.1, false)) {
                for (int n = 0; n < COMPARED; n++) {
                    StepResult result = run.step(n, BATCH, TOKENS);
                    sums[2 * n] = result.loss();
                    sums[2 * n + 1] = result.gradNorm();
                }
            }
            return new double[][] {ids, sums};
        }
    }
}
