package org.panamask.verify;

import java.nio.file.Path;
import java.util.Arrays;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.WeightSet;
import org.panamask.checkpoint.WeightSource;
import org.panamask.diffusion.Canvas;
import org.panamask.model.LladaConfig;
import org.panamask.model.Models;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;

/// What leaves the first layer of a LLaDA. A model shows its hidden states after the last norm only, so this is a model
/// of one layer, and the recorded states go through the same norm.
///
/// @param config of the whole model
/// @param weights of the whole model
record FirstLayer(LladaConfig config, WeightSet weights) {
    /// The first layer of the model in an opened folder.
    static FirstLayer of(HubFolder hub) {
        if (Models.config(hub.config()) instanceof LladaConfig config) {
            return new FirstLayer(config, hub.weights().renamed(config.naming()::toPlain));
        }
        throw new FixtureException(hub.config().file() + ": a LLaDA is needed to compare what leaves its first layer;"
                + " name another model in the case");
    }

    /// Both sides of the comparison.
    ///
    /// @param got hidden states after layer and norm
    /// @param want the recorded ones after the norm
    record Compared(double[] got, double[] want) {}

    /// Opens `folder` and compares with `recorded`, hidden states before the norm.
    static Compared compare(Path folder, Device device, Canvas canvas, double[] recorded) {
        try (HubFolder hub = HubFolder.open(folder);
                Owner owner = device.backend().owner("first layer")) {
            FirstLayer first = of(hub);
            return new Compared(device.run(ops -> first.hidden(ops, owner, canvas)), first.normed(recorded));
        }
    }

    private double[] hidden(BackwardOps ops, Owner owner, Canvas canvas) {
        LladaConfig one = config.withLayers(1);
        WeightLoader loader = new WeightLoader(
                one.weights(),
                (name, shape) -> {
                    WeightSource source = weights.tensor(name, shape);
                    return new HostTensor(source.name(), source.dtype(), source.shape(), source.data());
                },
                ops,
                owner,
                false);
        return ops.doubles(one.model(loader).hidden(ops, canvas));
    }

    /// The last norm of `states`, row after row.
    private double[] normed(double[] states) {
        int width = config.layout().width();
        double[] gain =
                weights.tensor(config.layout().names().norm() + ".weight").doubles();
        double[] normed = states.clone();
        for (int row = 0; row < states.length; row += width) {
            double squares = Arrays.stream(states, row, row + width)
                    .map(x -> x * x)
                    .average()
                    .orElseThrow();
            double root = Math.sqrt(squares + config.layout().normEpsilon());
            for (int n = 0; n < width; n++) {
                normed[row + n] = states[row + n] / root * gain[n];
            }
        }
        return normed;
    }
}
