package org.panamask.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

final class GradientsTest {
    @Test
    void gradientsFromBothEndsSurviveEveryReleaseOfAChain() {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"))) {
            backend.run("gradients", Precision.F32, ops -> {
                JobArena arena = ops.arena();
                Tensor x = ops.empty(Shape.of(8), DType.F32);
                Tensor y = ops.empty(Shape.of(3), DType.F32);
                Gradients gradients = new Gradients(ops);
                JobArena.Mark high = arena.mark(JobArena.End.HIGH);
                JobArena.Mark low = arena.mark(JobArena.End.LOW);
                gradients.put(x, filled(ops, 8, 1));
                arena.use(JobArena.End.HIGH);
                gradients.put(y, filled(ops, 3, 2));
                for (int link = 0; link < 3; link++) {
                    gradients.release(high, low);
                    assertThat(values(ops, gradients, x)).hasSize(8).containsOnly(1);
                    assertThat(values(ops, gradients, y)).hasSize(3).containsOnly(2);
                    low = arena.mark(JobArena.End.LOW);
                }
                return gradients;
            });
        }
    }

    private static Tensor filled(BackwardOps ops, int count, double value) {
        double[] values = new double[count];
        Arrays.fill(values, value);
        return ops.upload(Shape.of(count), values);
    }

    private static double[] values(BackwardOps ops, Gradients gradients, Tensor of) {
        return ops.doubles(gradients.of(of).orElseThrow());
    }
}
