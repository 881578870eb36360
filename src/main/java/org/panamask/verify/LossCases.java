package org.panamask.verify;

import java.util.Arrays;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.ScoredRows;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;

/// Noise and the loss over it.
final class LossCases implements CaseRunner {
    @Override
    public String kind() {
        return "ddm_loss";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        LossInputs inputs = LossInputs.read(fixture, "");
        Corrupted noisy = inputs.noisy();
        int tokens = noisy.clean().tokens();
        int first = inputs.loss().shift() ? 1 : 0;
        int[] columns = columns(noisy.ids().length, tokens, first);
        deviations.compare("t", widened(noisy.times()));
        deviations.compareWhole("x_t", noisy.ids());
        boolean[] masked = new boolean[columns.length];
        for (int n = 0; n < columns.length; n++) {
            masked[n] = noisy.masked()[columns[n]];
        }
        deviations.compareMarks("loss_mask", masked);
        ScoredRows scored = inputs.score(1);
        deviations.compare("masked_tokens", scored.count());
        if (scored.isEmpty()) {
            deviations.compare("loss", 0);
            deviations.compare("unweighted_loss", 0);
            return;
        }
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            double[] entropies = loaded.run(ops -> everyRow(ops, loaded, inputs, columns));
            deviations.compare("token_ce", entropies);
            compareSums(deviations, entropies, masked, tokens - first);
            double[] loss = loaded.run(ops -> {
                CrossEntropy scores = scored.crossEntropy(ops, loaded.model(), inputs.canvas());
                double mean = Arrays.stream(ops.doubles(scores.rows()), 0, scored.count())
                        .average()
                        .orElseThrow();
                return new double[] {ops.doubles(scores.loss())[0], mean};
            });
            deviations.compare("loss", loss[0]);
            deviations.compare("unweighted_loss", loss[1]);
        }
        compareGradients(fixture, device, deviations);
    }

    private static void compareGradients(FixtureCase fixture, Device device, Deviations deviations) {
        if (fixture.expectedNames().stream().noneMatch(name -> name.startsWith("grad."))) {
            return;
        }
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), true)) {
            device.run(ops ->
                    GradientCases.run(ops, fixture, loaded, loaded.model().parameters(), deviations));
        }
    }

    private static int[] columns(int count, int tokens, int first) {
        int[] columns = new int[count / tokens * (tokens - first)];
        Arrays.setAll(columns, n -> n / (tokens - first) * tokens + n % (tokens - first) + first);
        return columns;
    }

    /// The cross entropy of every column that a loss could score, masked or not.
    private static double[] everyRow(Ops ops, Device.Loaded loaded, LossInputs inputs, int[] columns) {
        int back = inputs.loss().shift() ? 1 : 0;
        int[] rows = Arrays.stream(columns).map(n -> n - back).toArray();
        int[] targets =
                Arrays.stream(columns).map(n -> inputs.noisy().clean().ids()[n]).toArray();
        Shape shape = Shape.of(columns.length);
        return ops.doubles(ops.crossEntropy(
                        loaded.model().hidden(ops, inputs.canvas().withRows(rows)),
                        loaded.model().head(),
                        ops.upload(shape, targets),
                        ops.upload(shape, new double[columns.length]))
                .rows());
    }

    private static void compareSums(Deviations deviations, double[] entropies, boolean[] masked, int width) {
        double[] sums = new double[entropies.length / width];
        for (int n = 0; n < entropies.length; n++) {
            sums[n / width] += masked[n] ? entropies[n] : 0;
        }
        deviations.compare("row_ce_sum", sums);
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, n -> values[n]);
        return wide;
    }
}
