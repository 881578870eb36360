package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.Safetensors;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Weight;
import org.panamask.train.Learning;
import org.panamask.train.StepResult;
import tools.jackson.databind.JsonNode;

/// One ddm-sft step of an adapter on 8 rows of 256 tokens: forward, backward, clipping, AdamW.
final class TrainingWork implements Work {
    private static final int CHECKED_STEPS = 2;
    /// Higher than in timing, so that the second loss tells whether the first update was the same.
    private static final double CHECKED_RATE = 1e-3;

    private final BenchModel model;
    private final Path folder;
    private final BenchRows rows;
    private Optional<BenchTraining> timed = Optional.empty();
    private int step;

    TrainingWork(BenchModel model, Path folder) {
        this.model = model;
        this.folder = folder;
        this.rows = new BenchRows(model.model().vocabularySize());
    }

    @Override
    public BenchModel model() {
        return model;
    }

    @Override
    public List<Agreement> check(Peer peer) throws IOException {
        try (BenchTraining training = BenchTraining.start(model, 0)) {
            model.run("adapter", ops -> {
                fillB(ops, training);
                training.adapter().save(ops, folder.resolve("adapter"), "");
                return ops;
            });
            new CheckedSteps(rows, training.learning(), CHECKED_STEPS, CHECKED_RATE)
                    .write(folder.resolve("check.json"));
            JsonNode values = peer.check();
            List<Agreement> agreements = new ArrayList<>();
            agreements.addAll(gradients(training));
            double[] losses = new double[CHECKED_STEPS];
            double[] norms = new double[CHECKED_STEPS];
            for (int n = 0; n < CHECKED_STEPS; n++) {
                StepResult result = training.trainer().step(n, List.of(rows.at(n)), CHECKED_RATE);
                losses[n] = result.loss();
                norms[n] = result.gradNorm();
            }
            Tolerances tolerances = Tolerances.of(model.precision());
            agreements.add(agreement("losses", losses, values.path("losses"), tolerances.loss()));
            agreements.add(agreement("gradient norms", norms, values.path("norms"), tolerances.norm()));
            return agreements;
        }
    }

    /// A new adapter's B is zero, and then A has no gradient.
    private static void fillB(BackwardOps ops, BenchTraining training) {
        Random random = new Random(3);
        for (Weight weight : training.adapter().parameters().all()) {
            if (weight.name().contains("lora_B")) {
                double[] values =
                        random.doubles(weight.shape().count(), -0.03, 0.03).toArray();
                ops.copy(ops.upload(weight.shape(), values), weight.value());
                weight.changed();
            }
        }
    }

    private List<Agreement> gradients(BenchTraining training) {
        Map<String, double[]> ours = model.run("check", ops -> gradients(ops, training));
        double worst = 0;
        double apart = 0;
        double all = 0;
        try (Safetensors file = Safetensors.open(folder.resolve("peer.safetensors"))) {
            for (Map.Entry<String, double[]> gradient : ours.entrySet()) {
                double[] peers = file.doubles(gradient.getKey());
                worst = Math.max(worst, Agreement.deviation(gradient.getValue(), peers));
                for (int n = 0; n < peers.length; n++) {
                    apart += Math.pow(gradient.getValue()[n] - peers[n], 2);
                    all += Math.pow(peers[n], 2);
                }
            }
        }
        Tolerances tolerances = Tolerances.of(model.precision());
        List<Agreement> agreements = new ArrayList<>();
        agreements.add(new Agreement("all gradients (norm)", Math.sqrt(apart / all), tolerances.gradients()));
        if (tolerances.gradient().isPresent()) {
            agreements.add(new Agreement(
                    "gradient of one weight", worst, tolerances.gradient().getAsDouble()));
        }
        return agreements;
    }

    private Map<String, double[]> gradients(BackwardOps ops, BenchTraining training) {
        TokenRows first = rows.at(0);
        Accumulators sums = Accumulators.of(
                ops, training.owner(), training.adapter().parameters().trainable());
        Learning.Task task = training.learning()
                .task(first, 0, new LossWindow(1, training.learning().scorable(first)));
        Tape tape = new Tape(ops, sums);
        tape.backward(task.scored().crossEntropy(tape, model.model(), task.canvas()));
        Map<String, double[]> gradients = new LinkedHashMap<>();
        for (Weight weight : sums.weights()) {
            gradients.put(weight.name(), ops.doubles(sums.find(weight).orElseThrow()));
        }
        return gradients;
    }

    private static Agreement agreement(String what, double[] ours, JsonNode peers, double tolerance) {
        double[] values = peers.valueStream().mapToDouble(JsonNode::asDouble).toArray();
        return new Agreement(what, Agreement.deviation(ours, values), tolerance);
    }

    /// What may differ by rounding in another order through 12 layers and back: about ten times what was measured
    /// in f32, and three times what PyTorch's own bf16 differs from its f32; in fp8 the size of the numbers is
    /// held.
    ///
    /// @param gradient of the weight that fits worst; not compared in bf16, where the gradients of some weights
    ///     cancel and PyTorch's own bf16 and f32 are apart by half the largest element
    private record Tolerances(double loss, double norm, double gradients, OptionalDouble gradient) {
        static Tolerances of(Precision precision) {
            return switch (precision) {
                case F32 -> new Tolerances(2e-6, 2e-5, 1e-4, OptionalDouble.of(5e-4));
                case BF16, F16 -> new Tolerances(1e-3, 3e-2, 5e-2, OptionalDouble.empty());
                case FP8 -> new Tolerances(3e-2, 2e-1, 5e-1, OptionalDouble.empty());
                case F64 -> new Tolerances(1e-9, 1e-9, 1e-9, OptionalDouble.of(1e-9));
            };
        }
    }

    @Override
    public double repeat() {
        BenchTraining training = timed.orElseGet(() -> BenchTraining.start(model, BenchTraining.DROPOUT));
        timed = Optional.of(training);
        long start = System.nanoTime();
        training.trainer().step(step, List.of(rows.at(step)), BenchTraining.RATE);
        step++;
        return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public void close() {
        timed.ifPresent(BenchTraining::close);
        model.close();
    }
}
