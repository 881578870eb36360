package org.panamask.verify;

import java.util.Arrays;
import java.util.List;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// One adapted layer whose dropped elements the case gives. Operations draw their own, so the dropped input is made
/// here and its gradient led back to the input.
final class LoraLayerCases implements CaseRunner {
    @Override
    public String kind() {
        return "lora_layer";
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        try (Owner owner = device.backend().owner("verify")) {
            device.run(ops -> layer(ops, owner, fixture, deviations));
        }
    }

    private static boolean layer(BackwardOps ops, Owner owner, FixtureCase fixture, Deviations deviations) {
        Weight base = weight(ops, owner, fixture, "base", false);
        Weight a = weight(ops, owner, fixture, "lora_A", true);
        Weight b = weight(ops, owner, fixture, "lora_B", true);
        double[] input = fixture.doubles("x");
        double[] kept = scaledMarks(fixture);
        long[] extents = fixture.shape("x");
        Shape shape = Shape.of(extents[0] * extents[1], extents[2]);
        double[] masked = new double[input.length];
        Arrays.setAll(masked, n -> input[n] * kept[n]);
        Tensor x = activations(ops, shape, input);
        Tensor dropped = activations(ops, shape, masked);

        Accumulators sums = Accumulators.of(ops, owner, List.of(a, b));
        Tape tape = new Tape(ops, sums);
        tape.watch(x);
        tape.watch(dropped);
        float scale = (float) (fixture.parameter("lora_alpha").asDouble()
                / fixture.parameter("r").asInt());
        Tensor y = tape.addLinear(tape.linear(x, base), tape.linear(dropped, a), b, scale);
        deviations.compare("y", ops.doubles(y));
        tape.backward(y, activations(ops, y.shape(), fixture.doubles("grad_y")));

        double[] dx = ops.doubles(tape.gradient(x).orElseThrow());
        double[] ddropped = ops.doubles(tape.gradient(dropped).orElseThrow());
        Arrays.setAll(dx, n -> dx[n] + ddropped[n] * kept[n]);
        deviations.compare("grad_x", dx);
        deviations.compare("grad_A", ops.doubles(sums.find(a).orElseThrow()));
        deviations.compare("grad_B", ops.doubles(sums.find(b).orElseThrow()));
        return true;
    }

    private static Tensor activations(BackwardOps ops, Shape shape, double[] values) {
        Tensor tensor = ops.empty(shape, ops.dtype());
        ops.copy(ops.upload(shape, values), tensor);
        return tensor;
    }

    /// What each element is multiplied with: 0, or what keeps the mean.
    private static double[] scaledMarks(FixtureCase fixture) {
        double survivors = 1 / (1 - fixture.parameter("lora_dropout").asDouble());
        return Arrays.stream(fixture.ints("keep"))
                .mapToDouble(keep -> keep * survivors)
                .toArray();
    }

    private static Weight weight(BackwardOps ops, Owner owner, FixtureCase fixture, String name, boolean trainable) {
        double[] values = fixture.doubles(name);
        float[] floats = new float[values.length];
        for (int n = 0; n < values.length; n++) {
            floats[n] = (float) values[n];
        }
        return ops.weight(owner, HostTensor.of(name, Shape.of(fixture.shape(name)), floats), trainable);
    }
}
