package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.emulator.Emulator;
import org.panamask.train.BranchTraining;
import org.panamask.train.BranchTraining.Trained;

/// Training low-rank branches beside matrices in FP8 on the GPU, as the CPU emulates it and as in BF16.
class EightBitStepTest {
    /// At three times this rate a hundred steps in F32 and in BF16 end 8 % apart, whatever FP8 does.
    private static final double RATE = 3e-3;

    private static final BranchTraining TRAINING = new BranchTraining(2, 8, RATE);

    private static Backend reference() {
        return new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.FP8));
    }

    private static Trained onTheGpu(Precision precision, int steps) {
        try (Backend cuda = CudaBackend.open(BackendSettings.defaults().with("dtype", precision))) {
            return TRAINING.train(cuda, precision, steps);
        }
    }

    @Test
    void aWholeStepIsThatOfTheEmulationOnTheCpu() {
        Emulator.require();
        Trained expected;
        try (Backend reference = reference()) {
            expected = TRAINING.train(reference, Precision.FP8, 2);
        }
        Trained actual = onTheGpu(Precision.FP8, 2);
        assertThat(actual.losses().getFirst())
                .isCloseTo(
                        expected.losses().getFirst(),
                        within(1e-2 * expected.losses().getFirst()));
        assertThat(actual.losses().getLast())
                .isCloseTo(
                        expected.losses().getLast(),
                        within(2e-2 * expected.losses().getLast()));
        // AdamW's first steps are the signs of the gradients: nearly all of them are the same.
        int same = 0;
        int all = 0;
        for (int i = 0; i < expected.weights().size(); i++) {
            double[] wanted = expected.weights().get(i);
            for (int j = 0; j < wanted.length; j++) {
                all++;
                same += Math.abs(actual.weights().get(i)[j] - wanted[j]) < RATE / 2 ? 1 : 0;
            }
        }
        assertThat(same).isGreaterThan((int) (0.97 * all));
    }

    @Test
    void aHundredStepsEndNearThoseInSixteenBits() {
        Emulator.require();
        Trained sixteen = onTheGpu(Precision.BF16, 100);
        Trained eight = onTheGpu(Precision.FP8, 100);
        assertThat(eight.losses().getFirst()).isNotEqualTo(sixteen.losses().getFirst());
        double expected = sixteen.mean(90);
        assertThat(expected).isLessThan(0.6 * sixteen.mean(0));
        assertThat(eight.mean(90)).isCloseTo(expected, within(2e-2 * expected));
    }
}
