package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.diffusion.ScoredRows;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;
import tools.jackson.databind.JsonNode;

/// Gradients of the loss.
final class GradientCases {
    private GradientCases() {}

    /// Adds the gradients of one micro-batch to `sums`, and gives its loss over `window` micro-batches.
    static double backward(BackwardOps ops, Model model, LossInputs inputs, int window, Accumulators sums) {
        ScoredRows scored = inputs.score(window);
        Tape tape = new Tape(ops, sums);
        CrossEntropy loss = scored.crossEntropy(tape, model, inputs.canvas());
        double value = ops.doubles(loss.loss())[0];
        tape.backward(loss);
        return value;
    }

    /// The adapter that a case gives the weights of, under names that start with `prefix`.
    static Adapter adapter(FixtureCase fixture, Model model, BackwardOps ops, Owner owner, String prefix) {
        List<String> targets = new ArrayList<>();
        fixture.parameter("targets").forEach(target -> targets.add(target.asString()));
        LoraSettings settings = LoraSettings.defaults()
                .with("rank", fixture.parameter("r").asInt())
                .with("alpha", fixture.parameter("lora_alpha").asDouble())
                .with("dropout", fixture.parameter("lora_dropout").asDouble())
                .with("targets", targets);
        Adapter adapter = Adapter.create(model, settings, 0, ops, owner);
        for (Weight weight : adapter.parameters().all()) {
            put(ops, weight, fixture.doubles(prefix + weight.name()));
        }
        return adapter;
    }

    private static void put(BackwardOps ops, Weight weight, double[] values) {
        ops.copy(ops.upload(weight.shape(), values), weight.value());
        weight.changed();
    }

    private static void compareGradients(
            BackwardOps ops, FixtureCase fixture, Device.Loaded loaded, Accumulators sums, Deviations deviations) {
        JsonNode norms = fixture.expectedValue("grad_norms");
        double squares = 0;
        for (Weight weight : sums.weights()) {
            Tensor sum = sums.find(weight).orElseThrow();
            double[] gradient = ops.doubles(sum);
            deviations.compare("grad." + weight.name(), loaded.filed(weight, gradient));
            double square = Arrays.stream(gradient).map(g -> g * g).sum();
            squares += square;
            if (norms.has(weight.name())) {
                double want = norms.path(weight.name()).asDouble();
                // The note of the cases names these tolerances.
                deviations.compare("norm of " + weight.name(), Math.sqrt(square), want, 2e-5 + 1e-3 * want);
            }
        }
        deviations.compare("total_grad_norm", Math.sqrt(squares));
    }

    /// The loss of a case and the gradients of all of `trained`, compared with what it says of them.
    static double run(
            BackwardOps ops, FixtureCase fixture, Device.Loaded loaded, Parameters trained, Deviations deviations) {
        Accumulators sums = Accumulators.of(ops, loaded.owner(), trained.all());
        double loss = backward(ops, loaded.model(), LossInputs.read(fixture, ""), 1, sums);
        compareGradients(ops, fixture, loaded, sums, deviations);
        deviations.compare("loss", loss);
        return loss;
    }

    /// Of every weight.
    static final class Full implements CaseRunner {
        @Override
        public String kind() {
            return "gradients";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), true)) {
                device.run(ops ->
                        GradientCases.run(ops, fixture, loaded, loaded.model().parameters(), deviations));
            }
        }
    }

    /// Of low-rank branches beside frozen weights.
    static final class Branches implements CaseRunner {
        @Override
        public String kind() {
            return "lora_gradients";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
                device.run(ops -> {
                    Adapter adapter = adapter(fixture, loaded.model(), ops, loaded.owner(), "lora.");
                    return GradientCases.run(ops, fixture, loaded, adapter.parameters(), deviations);
                });
            }
        }
    }
}
