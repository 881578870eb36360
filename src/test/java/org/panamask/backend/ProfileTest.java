package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Timing operation by operation.
class ProfileTest {
    private final Backend backend =
            Backends.open(BackendSettings.defaults().with("name", "reference").with("profile", true));
    private final Profile profile = backend.profile().orElseThrow();

    @AfterEach
    void stop() {
        backend.close();
    }

    private static double layers(BackwardOps ops, Owner owner) {
        Weight weight = ops.weight(owner, HostTensor.of("w", Shape.of(8, 8), new float[64]), false);
        Tensor x = ops.upload(Shape.of(4, 8), new double[32]);
        Tensor y = ops.chain("layers", x, 3, (_, input) -> ops.add(input, ops.linear(input, weight)));
        return ops.scoped(() -> ops.doubles(ops.linear(y, weight))[0]);
    }

    @Test
    void partsSumToTheWhole() {
        try (Owner owner = backend.owner("weights")) {
            backend.run("first", Precision.F32, ops -> layers(ops, owner));
            backend.run("second", Precision.F32, ops -> layers(ops, owner));
            backend.run("second", Precision.F32, ops -> layers(ops, owner));
        }
        assertThat(profile.wholes()).extracting(Profile.Whole::job).containsExactly("first", "second");
        assertThat(profile.wholes()).extracting(Profile.Whole::runs).containsExactly(1, 2);
        for (Profile.Whole whole : profile.wholes()) {
            double sum =
                    whole.parts().stream().mapToDouble(Profile.Part::seconds).sum();
            assertThat(sum).isCloseTo(whole.seconds(), within(1e-12));
            assertThat(whole.parts())
                    .allSatisfy(part -> assertThat(part.seconds()).isNotNegative());
        }
    }

    @Test
    void everyOperationHasItsCallsAndProductsTheirOperations() {
        try (Owner owner = backend.owner("weights")) {
            backend.run("pass", Precision.F32, ops -> layers(ops, owner));
        }
        Profile.Whole pass = profile.wholes().getFirst();
        assertThat(pass.parts())
                .extracting(Profile.Part::operation)
                .containsExactlyInAnyOrder("weight", "upload", "linear [8, 8]", "add", "doubles", Profile.BETWEEN);
        Profile.Part linear = part(pass, "linear [8, 8]");
        assertThat(linear.calls()).isEqualTo(4);
        assertThat(linear.flops()).isEqualTo(4L * 2 * 4 * 8 * 8);
        assertThat(part(pass, "add").calls()).isEqualTo(3);
        assertThat(part(pass, "add").flops()).isZero();
    }

    private static Profile.Part part(Profile.Whole whole, String operation) {
        return whole.parts().stream()
                .filter(part -> part.operation().equals(operation))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void tableNamesJobsAndParts() {
        try (Owner owner = backend.owner("weights")) {
            backend.run("pass", Precision.F32, ops -> layers(ops, owner));
        }
        assertThat(profile.table())
                .startsWith("pass: 1 runs of ")
                .contains("operation", "calls/run", "ms/run", "share", "GFLOP/s", "linear [8, 8]", Profile.BETWEEN);
        profile.clear();
        assertThat(profile.wholes()).isEqualTo(List.of());
        assertThat(profile.table()).isEmpty();
    }

    @Test
    void failuresArriveAsTheyWereThrownAndAreTimed() {
        assertThatThrownBy(() -> backend.run("wrong", Precision.F32, ops -> ops.upload(Shape.of(3), new int[4])))
                .isInstanceOf(ShapeException.class);
        assertThat(profile.wholes().getFirst().runs()).isEqualTo(1);
    }

    @Test
    void nothingIsTimedUnlessAsked() {
        try (Backend plain = Backends.open(BackendSettings.defaults().with("name", "reference"))) {
            assertThat(plain.profile()).isEmpty();
        }
    }
}
