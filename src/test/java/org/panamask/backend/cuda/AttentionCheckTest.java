package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.attention.AttentionCase;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.cuda.attention.MaskFacts.Kind;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;

/// What is compared before attention is computed in another way, and what that finds.
class AttentionCheckTest {
    private static final AttentionMask FULL = new AttentionMask.Full();

    /// An implementation with a fault.
    private abstract static class Faulty implements AttentionEngine {
        final AttentionEngine real;

        Faulty(AttentionEngine real) {
            this.real = real;
        }

        @Override
        public long keptBytes(AttentionInputs inputs) {
            return real.keptBytes(inputs);
        }

        @Override
        public void forward(AttentionInputs inputs, Result result) {
            real.forward(inputs, result);
        }

        @Override
        public void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients) {
            real.backward(inputs, result, dy, gradients);
        }
    }

    private static final class Blind extends Faulty {
        Blind(AttentionEngine real) {
            super(real);
        }

        @Override
        public void forward(AttentionInputs inputs, Result result) {
            super.forward(
                    new AttentionInputs(
                            inputs.q(),
                            inputs.k(),
                            inputs.v(),
                            FULL.lower(inputs.mask().batch(), inputs.mask().keys())),
                    result);
        }
    }

    private static final class Poisoned extends Faulty {
        private final CudaJob job;

        Poisoned(AttentionEngine real, CudaJob job) {
            super(real);
            this.job = job;
        }

        @Override
        public void forward(AttentionInputs inputs, Result result) {
            super.forward(inputs, result);
            job.device()
                    .queue()
                    .upload(
                            MemorySegment.ofArray(new float[] {Float.NaN}),
                            result.y().memory().address());
        }
    }

    @Test
    void whatDoesNotFollowTheMaskIsFoundUnderAMaskOfItsKind() {
        try (CudaBackend backend = CudaFixture.open()) {
            CudaFixture.run(backend, job -> {
                AttentionEngine plain = PmkAttention.plain(job, new AttentionTables(job));
                AttentionCheck check = new AttentionCheck(job, plain);
                assertThatCode(() -> check.require("blind", new Blind(plain), 16, Kind.FULL))
                        .doesNotThrowAnyException();
                for (Kind kind : new Kind[] {Kind.CAUSAL, Kind.INTERVALS}) {
                    assertThatThrownBy(() -> check.require("blind", new Blind(plain), 16, kind))
                            .isInstanceOf(BackendException.class)
                            .hasMessageStartingWith("backend cuda: attention by blind disagrees with the plain kernels")
                            .hasMessageContaining("on heads of 16 F32, mask " + kind);
                }
                return true;
            });
        }
    }

    @Test
    void oneNanIsFoundHoweverGoodTheRestIs() {
        try (CudaBackend backend = CudaFixture.open()) {
            CudaFixture.run(backend, job -> {
                AttentionEngine plain = PmkAttention.plain(job, new AttentionTables(job));
                assertThatThrownBy(() -> new AttentionCheck(job, plain)
                                .require("poison", new Poisoned(plain, job), 16, Kind.FULL))
                        .hasMessageContaining("by NaN of the largest number in y");
                return true;
            });
        }
    }

    @Test
    void librariesAreComparedUnderEachKindOfMaskThatTheyCompute() {
        try (CudaBackend backend = CudaFixture.open()) {
            AttentionSelection selection =
                    CudaFixture.run(backend, job -> job.device().attention());
            AttentionCase full = caseOf(FULL);
            AttentionCase causal = caseOf(new AttentionMask.Causal());
            AttentionCase annealed = caseOf(new AttentionMask.Annealed(0.5, 1, FULL));
            selection.checked(full, AttentionKernels.CUDNN);
            selection.checked(full, AttentionKernels.PMK);

            assertThat(selection.isUnchecked(full, AttentionKernels.CUDNN)).isFalse();
            assertThat(selection.isUnchecked(causal, AttentionKernels.CUDNN)).isTrue();
            assertThat(selection.isUnchecked(annealed, AttentionKernels.CUDNN)).isTrue();
            assertThat(selection.isUnchecked(annealed, AttentionKernels.PMK)).isFalse();
        }
    }

    private static AttentionCase caseOf(AttentionMask mask) {
        return new AttentionCase(DType.BF16, 16, MaskFacts.of(mask.lower(1, 4)), false);
    }

    @Test
    void halvesThatDoNotStartAtMultiplesOfSixteenBytesAreRefused() {
        try (CudaBackend backend = CudaFixture.open()) {
            backend.run("attention", Precision.BF16, ops -> {
                Tensor x = ops.empty(Shape.of(4, 1, 16), DType.BF16);
                Tensor off = ops.empty(Shape.of(66), DType.BF16).part(1, x.shape());
                assertThatThrownBy(() -> ops.attention(x, off, x, FULL.lower(1, 4)))
                        .isInstanceOf(ShapeException.class)
                        .hasMessage(
                                "attention: k must start at a multiple of 16 bytes, but [4, 1, 16] BF16 starts at 2;"
                                        + " copy it to a tensor of its own");
                return true;
            });
        }
    }
}
