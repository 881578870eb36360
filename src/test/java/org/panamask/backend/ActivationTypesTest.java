package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.BackwardOps.CrossEntropyGradients;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// Where kernels read the bytes of activations as numbers of the job's type, others are refused: read as another type
/// they would be other numbers, or end before the kernel does.
class ActivationTypesTest {
    static Stream<ContractCase> cases() {
        return ContractCase.all().filter(each -> !each.name().equals("reference"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void activationsOfAnotherTypeAreRefused(ContractCase each) {
        DType other = each.dtype() == DType.F32 ? DType.BF16 : DType.F32;
        try (Backend backend = each.open();
                Owner owner = backend.owner("types")) {
            backend.run("types", each.precision(), ops -> {
                for (Refusal refusal : refusals(ops, new Inputs(ops, owner, each.dtype()), other)) {
                    assertThatThrownBy(() -> refusal.work().run())
                            .isInstanceOf(ShapeException.class)
                            .hasMessage(refusal.operation() + ": activations must be " + each.dtype()
                                    + ", the type that this job computes in, but got " + other);
                }
                return true;
            });
        }
    }

    /// @param operation what refuses
    /// @param work asks for it
    private record Refusal(String operation, Runnable work) {}

    private static List<Refusal> refusals(BackwardOps ops, Inputs inputs, DType other) {
        Tensor x = ops.empty(Shape.of(2, 2), other);
        Into into = new Into(x, false);
        Weight gain = inputs.frozen(2);
        return Stream.of(
                        products(ops, x, inputs.frozen(2, 2), gain),
                        heads(ops, x, inputs.frozen(2, 2), inputs),
                        attentions(ops, x.reshape(2, 1, 2)),
                        Stream.of(
                                new Refusal("rmsNorm", () -> ops.rmsNorm(x, gain, 1e-5)),
                                new Refusal("layerNorm", () -> ops.layerNorm(x, gain, gain, 1e-5)),
                                new Refusal("gelu", () -> ops.gelu(x)),
                                new Refusal("geluBackward", () -> ops.geluBackward(x, x, into)),
                                new Refusal("add", () -> ops.add(x, x)),
                                new Refusal("swiGlu", () -> ops.swiGlu(x, x)),
                                new Refusal("swiGluBackward", () -> ops.swiGluBackward(x, x, x, into, into))))
                .flatMap(each -> each)
                .toList();
    }

    private static Stream<Refusal> products(BackwardOps ops, Tensor x, Weight w, Weight bias) {
        return Stream.of(
                new Refusal("linear", () -> ops.linear(x, w)),
                new Refusal("linear", () -> ops.linear(x, w, bias)),
                new Refusal("addLinear", () -> ops.addLinear(x, x, w, 1)),
                new Refusal("linearBackward", () -> ops.linearBackward(x, w, 1, new Into(x, false))));
    }

    private static Stream<Refusal> heads(BackwardOps ops, Tensor x, Weight head, Inputs inputs) {
        Scoring scoring = new Scoring(inputs.ints(2, 2), inputs.sums(2));
        CrossEntropyGradients gradients = new CrossEntropyGradients(List.of(x), List.of());
        return Stream.of(
                new Refusal("logits", () -> ops.logits(x, head)),
                new Refusal("expectation", () -> ops.expectation(x, head, head, 1)),
                new Refusal("crossEntropy", () -> ops.crossEntropy(x, head, scoring)),
                new Refusal(
                        "crossEntropyWithGradients", () -> ops.crossEntropyWithGradients(x, head, scoring, gradients)),
                new Refusal("argmax", () -> ops.argmax(x, head, TokenRule.plain())),
                new Refusal("sample", () -> ops.sample(x, head, TokenRule.plain(), inputs.uniforms(2))));
    }

    private static Stream<Refusal> attentions(BackwardOps ops, Tensor x) {
        KeyIntervals mask = new AttentionMask.Full().lower(1, 2);
        AttentionInputs inputs = new AttentionInputs(x, x, x, mask);
        Into into = new Into(x, false);
        return Stream.of(
                new Refusal("attention", () -> ops.attention(x, x, x, mask)),
                new Refusal("attentionBackward", () -> ops.attentionBackward(x, inputs, into, into, into)));
    }
}
