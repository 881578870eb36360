package org.panamask.verify;

import java.util.Arrays;
import org.panamask.autograd.Accumulators;
import org.panamask.model.Adapter;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Weight;
import org.panamask.train.AdamW;
import org.panamask.train.Schedule;
import org.panamask.train.TrainSettings;
import tools.jackson.databind.JsonNode;

/// Optimizer steps: accumulation, clipping, AdamW, schedule.
final class OptimizerCases implements CaseRunner {
    // The log has no tolerances of its own: those of the loss and of the weights' gradients.
    private static final double LOSS = 2e-5;
    private static final double NORM = 1e-3;
    private static final double RATE = 1e-12;
    private static final String INITIAL = "init.";

    @Override
    public String kind() {
        return "optimiser";
    }

    @Override
    public boolean followsChoices() {
        return true;
    }

    @Override
    public void run(FixtureCase fixture, Device device, Deviations deviations) {
        boolean branches = fixture.inputNames().stream().anyMatch(name -> name.startsWith(INITIAL));
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), !branches)) {
            device.run(ops -> {
                Parameters trained = branches
                        ? adapter(fixture, loaded, ops).parameters()
                        : loaded.model().parameters();
                return train(ops, fixture, loaded, trained, deviations);
            });
        }
    }

    private static Adapter adapter(FixtureCase fixture, Device.Loaded loaded, BackwardOps ops) {
        return GradientCases.adapter(fixture, loaded.model(), ops, loaded.owner(), INITIAL);
    }

    private static int train(
            BackwardOps ops, FixtureCase fixture, Device.Loaded loaded, Parameters trained, Deviations deviations) {
        TrainSettings settings = settings(fixture);
        Accumulators sums = Accumulators.of(ops, loaded.owner(), trained.all());
        compareDecay(fixture, trained, deviations);
        AdamW optimizer = AdamW.create(ops, loaded.owner(), settings, sums, Parameters::decays);
        Schedule schedule =
                Schedule.of(settings, fixture.parameter("total_steps").asLong());
        int accumulation = fixture.parameter("accumulation").asInt();
        int steps = fixture.parameter("steps").asInt();
        for (int step = 0; step < steps; step++) {
            JsonNode log = fixture.expectedValue("log").path(step);
            double[] losses = new double[accumulation];
            for (int micro = 0; micro < accumulation; micro++) {
                LossInputs inputs = LossInputs.read(fixture, "step" + step + ".micro" + micro + ".");
                losses[micro] = accumulation * GradientCases.backward(ops, loaded.model(), inputs, accumulation, sums);
                near(
                        deviations,
                        "micro-batch loss",
                        losses[micro],
                        log.path("micro_losses").path(micro),
                        LOSS);
            }
            double rate = schedule.at(step);
            near(deviations, "learning rate", rate, log.path("lr"), RATE);
            near(deviations, "gradient norm", optimizer.step(ops, rate), log.path("grad_norm"), NORM);
            near(
                    deviations,
                    "reported loss",
                    Arrays.stream(losses).average().orElseThrow(),
                    log.path("reported_loss"),
                    LOSS);
            for (Weight weight : trained.all()) {
                deviations.compare(
                        "step" + step + "." + weight.name(), loaded.filed(weight, ops.doubles(weight.value())));
            }
        }
        return steps;
    }

    private static void near(Deviations deviations, String name, double got, JsonNode want, double tolerance) {
        deviations.compare(name, got, want.asDouble(), tolerance + tolerance * Math.abs(want.asDouble()));
    }

    private static void compareDecay(FixtureCase fixture, Parameters trained, Deviations deviations) {
        for (JsonNode name : fixture.parameter("decay")) {
            deviations.require(
                    trained.names().contains(name.asString()) && Parameters.decays(name.asString()),
                    name.asString() + " does not decay");
        }
        for (JsonNode name : fixture.parameter("no_decay")) {
            deviations.require(!Parameters.decays(name.asString()), name.asString() + " decays");
        }
    }

    private static TrainSettings settings(FixtureCase fixture) {
        return TrainSettings.defaults()
                .with("learning_rate", fixture.parameter("learning_rate").asDouble())
                .with("scheduler", TrainSettings.Scheduler.COSINE)
                .with("warmup_steps", fixture.parameter("warmup_steps").asInt())
                .with("weight_decay", fixture.parameter("weight_decay").asDouble())
                .with("max_grad_norm", fixture.parameter("max_grad_norm").asDouble())
                .with("adam_beta1", fixture.parameter("adam_beta1").asDouble())
                .with("adam_beta2", fixture.parameter("adam_beta2").asDouble())
                .with("adam_epsilon", fixture.parameter("adam_epsilon").asDouble());
    }
}
