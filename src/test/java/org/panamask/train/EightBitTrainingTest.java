package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.train.BranchTraining.Trained;

/// Low-rank branches beside frozen matrices that are multiplied in 8 bits, on the oracle.
class EightBitTrainingTest {
    private static Trained train(Precision precision) {
        try (Backend backend = Backends.open(
                BackendSettings.defaults().with("name", "reference").with("dtype", precision))) {
            return new BranchTraining(4, 12, 1e-2).train(backend, precision, 100);
        }
    }

    @Test
    void aHundredStepsEndNearThoseInSixteenBits() {
        Trained sixteen = train(Precision.BF16);
        Trained eight = train(Precision.FP8);
        assertThat(eight.losses().getFirst()).isNotEqualTo(sixteen.losses().getFirst());
        double expected = sixteen.mean(90);
        assertThat(expected).isLessThan(0.5 * sixteen.mean(0));
        assertThat(eight.mean(90)).isCloseTo(expected, within(2e-2 * expected));
    }
}
