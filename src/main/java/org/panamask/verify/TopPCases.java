package org.panamask.verify;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Which entries top-p keeps. Operations say it through the probability of the likeliest token: filtering divides it
/// by the mass that is kept.
final class TopPCases implements CaseRunner {
    /// In bf16 three numbers have the digits of one in F32.
    private static final int PARTS = 3;

    @Override
    public String kind() {
        return "top_p";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        int rows = (int) fixture.shape("logits")[0];
        int vocabulary = (int) fixture.shape("logits")[1];
        double[] logits = fixture.doubles("logits");
        double p = fixture.parameter("p").asDouble();
        double[] best;
        try (Owner owner = device.backend().owner("verify")) {
            best = device.run(ops -> best(ops, owner, logits, Shape.of(rows, vocabulary), p));
        }
        boolean[] kept = new boolean[logits.length];
        for (int r = 0; r < rows; r++) {
            keep(kept, r * vocabulary, Arrays.copyOfRange(logits, r * vocabulary, (r + 1) * vocabulary), best[r]);
        }
        deviations.compareMarks("keep", kept);
    }

    /// The log-probability of each row's likeliest token after the filter, through a head that adds up the parts of
    /// each logit.
    private static double[] best(BackwardOps ops, Owner owner, double[] logits, Shape shape, double p) {
        int vocabulary = (int) shape.last();
        int width = vocabulary * PARTS;
        float[] sums = new float[vocabulary * width];
        for (int n = 0; n < width; n++) {
            sums[n / PARTS * width + n] = 1;
        }
        Weight head = ops.weight(owner, HostTensor.of("sums", Shape.of(vocabulary, width), sums), false);
        Tensor hidden = parts(ops, logits, shape.withLast(width));
        return ops.doubles(
                ops.argmax(hidden, head, new TokenRule(1, 0, p, List.of())).logProbability());
    }

    /// Activations of which three in a row add up to a logit, whatever their type.
    private static Tensor parts(BackwardOps ops, double[] logits, Shape shape) {
        double[] rest = logits.clone();
        double[] parts = new double[rest.length * PARTS];
        for (int part = 0; part < PARTS; part++) {
            double[] rounded = ops.doubles(activations(ops, Shape.of(rest.length), rest));
            for (int n = 0; n < rest.length; n++) {
                parts[n * PARTS + part] = rounded[n];
                rest[n] -= rounded[n];
            }
        }
        return activations(ops, shape, parts);
    }

    private static Tensor activations(BackwardOps ops, Shape shape, double[] values) {
        Tensor tensor = ops.empty(shape, ops.dtype());
        ops.copy(ops.upload(shape, values), tensor);
        return tensor;
    }

    /// Marks the largest entries of a row whose mass is nearest to what the filter kept.
    private static void keep(boolean[] kept, int first, double[] row, double best) {
        List<Integer> order = IntStream.range(0, row.length)
                .boxed()
                .sorted(Comparator.comparingDouble(n -> -row[n]))
                .toList();
        double largest = row[order.getFirst()];
        double mass = 0;
        double nearest = Double.POSITIVE_INFINITY;
        int count = 0;
        for (int n = 0; n < row.length; n++) {
            mass += Math.exp(row[order.get(n)] - largest);
            double distance = Math.abs(mass - Math.exp(-best));
            if (distance < nearest) {
                nearest = distance;
                count = n + 1;
            }
        }
        order.subList(0, count).forEach(n -> kept[first + n] = true);
    }
}
