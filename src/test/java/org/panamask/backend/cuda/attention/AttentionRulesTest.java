package org.panamask.backend.cuda.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.DType;

class AttentionRulesTest {
    private static final AttentionMask FULL = new AttentionMask.Full();
    private static final MaskFacts ALL = MaskFacts.of(FULL.lower(2, 5));

    private static AttentionRules rules(int capability, boolean deterministic, String absence) {
        return new AttentionRules(new AttentionRules.Conditions(capability, deterministic, _ -> absence));
    }

    @Test
    void theKernelsOfThisLibraryAreTheFirstChoiceOnAda() {
        AttentionRules.Decision decision =
                rules(89, true, "").choose(AttentionKernels.AUTO, new AttentionCase(DType.BF16, 128, ALL, false));
        assertThat(decision.kernels()).isEqualTo(AttentionKernels.PMK);
        assertThat(decision.remarks()).isEmpty();
    }

    @Test
    void hopperPrefersCudnnForMasksThatItKnowsAndSaysWhyItWasPassedOver() {
        AttentionCase full = new AttentionCase(DType.F16, 64, ALL, false);
        assertThat(rules(90, true, "").choose(AttentionKernels.AUTO, full).kernels())
                .isEqualTo(AttentionKernels.CUDNN);
        AttentionRules.Decision without = rules(90, true, "cuDNN was not found").choose(AttentionKernels.AUTO, full);
        assertThat(without.kernels()).isEqualTo(AttentionKernels.PMK);
        assertThat(without.remarks()).containsExactly("cudnn: cuDNN was not found");
        MaskFacts annealed = MaskFacts.of(new AttentionMask.Annealed(0.5, 1, FULL).lower(1, 4));
        assertThat(rules(90, true, "")
                        .choose(AttentionKernels.AUTO, new AttentionCase(DType.F16, 64, annealed, false))
                        .kernels())
                .isEqualTo(AttentionKernels.PMK);
    }

    @Test
    void aRequestThatCannotRunNamesEveryUnmetCondition() {
        MaskFacts hidden = MaskFacts.of(new AttentionMask.Lengths(List.of(0, 3)).lower(2, 3, new int[] {0, 3, 4}));
        assertThatThrownBy(() -> rules(120, true, "libflashattn.so was not found")
                        .choose(AttentionKernels.FLASHATTN, new AttentionCase(DType.F32, 131, hidden, true)))
                .isInstanceOf(BackendException.class)
                .hasMessage(
                        "backend cuda: attention with backend.attention flashattn, heads of 131 F32, mask INTERVALS,"
                                + " dropout: flashattn: libflashattn.so was not found; activations must be BF16 or F16, but"
                                + " are F32; the width of heads must be a multiple of 8, but is 131; it has other random"
                                + " numbers, so attention dropout must be 0; every batch row must have the same number of"
                                + " query rows, at least one; every query row must surely see a key; heads must be at most"
                                + " 128 wide, but are 131; the device must have compute capability 8.x or 9.x, but has 12.0;"
                                + " it sums gradients in any order, so backend.deterministic must be false. Set"
                                + " backend.attention to math");
    }

    @Test
    void whatIsAdvisedCanRun() {
        AttentionCase narrow = new AttentionCase(DType.F32, 64, ALL, false);
        assertThatThrownBy(() -> rules(89, true, "").choose(AttentionKernels.CUDNN, narrow))
                .hasMessageEndingWith("Set backend.attention to pmk");
        AttentionCase wide = new AttentionCase(DType.F32, 256, ALL, false);
        assertThatThrownBy(() -> rules(89, true, "").choose(AttentionKernels.CUDNN, wide))
                .hasMessageEndingWith("Set backend.attention to math");
    }

    @Test
    void mathIsChosenByNameOnly() {
        AttentionCase wide = new AttentionCase(DType.BF16, 192, ALL, false);
        assertThat(rules(89, true, "").choose(AttentionKernels.MATH, wide).kernels())
                .isEqualTo(AttentionKernels.MATH);
        assertThatThrownBy(() -> rules(89, true, "").choose(AttentionKernels.AUTO, wide))
                .hasMessageContaining("pmk: heads must be at most 128 wide, but are 192")
                .hasMessageEndingWith("Set backend.attention to math");
    }

    @Test
    void masksAreKnownByWhatTheyHide() {
        assertThat(ALL).isEqualTo(new MaskFacts(MaskFacts.Kind.FULL, true, true));
        assertThat(MaskFacts.of(new AttentionMask.Causal().lower(2, 3)))
                .isEqualTo(new MaskFacts(MaskFacts.Kind.CAUSAL, true, true));
        assertThat(MaskFacts.of(new AttentionMask.Causal().lower(2, 3, new int[] {1, 4, 5})))
                .isEqualTo(new MaskFacts(MaskFacts.Kind.INTERVALS, true, false));
        assertThat(MaskFacts.of(new AttentionMask.Given(1, 2, new BitSet()).lower(1, 2)))
                .isEqualTo(new MaskFacts(MaskFacts.Kind.GIVEN, false, true));
        assertThat(MaskFacts.of(FULL.lower(1, 2, new int[0])).rectangular()).isFalse();
    }
}
