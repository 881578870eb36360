package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.autograd.Accumulators;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// Steps worked out by hand: the weight is 1, the gradients are 3 and 4, their norm is 5.
class AdamWTest {
    /// Large beside the gradients, so that the update shows the size of the gradient and not its sign alone.
    private static final double EPSILON = 1000;

    private record Step(double norm, List<Double> change) {}

    private static Step step(TrainSettings settings, double lossScale) {
        try (Backend backend = Backends.open(
                        BackendSettings.defaults().with("name", "reference").with("dtype", Precision.F64));
                Owner owner = backend.owner("weights")) {
            return backend.run("step", Precision.F64, ops -> {
                Weight weight = ops.weight(owner, HostTensor.of("w", Shape.of(2), 1, 1), true);
                Accumulators sums = Accumulators.of(ops, owner, List.of(weight));
                ops.copy(
                        ops.upload(Shape.of(2), new double[] {3 * lossScale, 4 * lossScale}),
                        sums.tensors().getFirst());
                AdamW optimizer = AdamW.create(ops, owner, settings, sums, _ -> true);
                return taken(ops, optimizer, weight, sums, lossScale);
            });
        }
    }

    private static Step taken(BackwardOps ops, AdamW optimizer, Weight weight, Accumulators sums, double lossScale) {
        double norm = Math.sqrt(optimizer.squares(ops)) / lossScale;
        optimizer.update(ops, 1, norm, lossScale);
        assertThat(optimizer.steps()).isEqualTo(1);
        double[] values = ops.doubles(weight.value());
        assertThat(optimizer.step(ops, 1)).isEqualTo(norm * lossScale);
        assertThat(ops.doubles(sums.tensors().getFirst())).containsExactly(0, 0);
        return new Step(norm, List.of(1 - values[0], 1 - values[1]));
    }

    private static TrainSettings settings(double maxGradNorm) {
        return TrainSettings.defaults().with("adam_epsilon", EPSILON).with("max_grad_norm", maxGradNorm);
    }

    @ParameterizedTest
    @CsvSource({"2.5, 1.5", "10, 3", "0, 3", "-1, 3"})
    void gradientsAreScaledDownToTheNormUnlessItIsZeroOrLess(double maxGradNorm, double gradient) {
        for (double lossScale : new double[] {1, 65_536}) {
            Step step = step(settings(maxGradNorm), lossScale);
            assertThat(step.norm()).isEqualTo(5);
            // m / (1 - b1) is g and sqrt(v / (1 - b2)) is |g| at the first step.
            assertThat(step.change().getFirst()).isCloseTo(gradient / (gradient + EPSILON), within(1e-9));
        }
    }

    @Test
    void weightDecayIsDecoupledFromTheGradient() {
        Step plain = step(settings(0), 1);
        Step decayed = step(settings(0).with("weight_decay", 0.01), 1);
        assertThat(decayed.change().getLast()).isCloseTo(plain.change().getLast() + 0.01, within(1e-12));
    }
}
