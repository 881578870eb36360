package org.panamask.verify;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.checkpoint.HubFolder;
import org.panamask.diffusion.AlphaSchedule;
import org.panamask.diffusion.ContextWeights;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.DreamLoss;
import org.panamask.diffusion.DreamWeighting;
import org.panamask.diffusion.LossNormType;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.MdlmLoss;
import org.panamask.diffusion.RowWeighting;
import org.panamask.diffusion.RowWindow;
import org.panamask.diffusion.ScoredRows;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.ModelFacts;
import org.panamask.model.Models;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.TokenWeighting;
import org.panamask.tensor.Weight;
import tools.jackson.databind.JsonNode;

/// Noise, weights, losses and gradients of LLaDA's, Dream's and dllm's objectives.
final class FamilyLossCases implements SamplerCaseRunner {
    private static final int IGNORED_LABEL = -100;

    private record Scored(Corrupted noisy, ScoredRows rows, double[] weights) {}

    @Override
    public boolean takes(SamplerCase fixture) {
        return switch (fixture.kind()) {
            case "llada_loss", "dream_loss" -> true;
            case "dllm" ->
                fixture.id().equals("alpha")
                        || fixture.id().startsWith("mdlm_")
                        || fixture.id().startsWith("dream_cart_");
            default -> false;
        };
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        if (fixture.id().equals("alpha")) {
            compareSchedules(fixture, deviations);
        } else if (fixture.id().startsWith("cart_matrix_")) {
            compareMatrix(fixture, deviations);
        } else {
            compareLoss(fixture, device, scored(fixture), deviations);
        }
    }

    private static void compareSchedules(SamplerCase fixture, Deviations deviations) {
        Deviations.Nearness near = new Deviations.Nearness(0, fixture.tolerance("rel"));
        for (JsonNode one : fixture.outputs()) {
            AlphaSchedule schedule =
                    constant(AlphaSchedule.class, one.path("scheduler").asString());
            float t = (float) one.path("t").asDouble();
            String name = schedule + " at " + t;
            double alpha = one.path("alpha").asDouble();
            double weight = one.path("weight").asDouble();
            deviations.compare("alpha of " + name, schedule.alpha(t), alpha, near.of(alpha));
            deviations.compare("weight of " + name, schedule.weight(t), weight, near.of(weight));
        }
    }

    /// Column i of the matrix is what column i alone gives to all others.
    private static void compareMatrix(SamplerCase fixture, Deviations deviations) {
        double[] want = fixture.doubles(fixture.output("matrix"));
        int columns = (int) fixture.shape(fixture.output("matrix"))[0];
        double[] got = new double[want.length];
        for (int i = 0; i < columns; i++) {
            boolean[] hidden = new boolean[columns];
            Arrays.fill(hidden, true);
            hidden[i] = false;
            double[] weights = new double[columns];
            new ContextWeights(numberAtEnd(fixture)).fill(hidden, weights, 0, columns);
            for (int n = 0; n < columns; n++) {
                got[n * columns + i] = weights[n];
            }
        }
        deviations.compare("matrix", got, want, new Deviations.Nearness(fixture.tolerance("abs"), 0));
    }

    /// The names of some cases end in the p of their context weights.
    private static double numberAtEnd(SamplerCase fixture) {
        return Double.parseDouble(fixture.id().substring(fixture.id().lastIndexOf('_') + 1));
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String name) {
        return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
    }

    private static Scored scored(SamplerCase fixture) {
        return switch (fixture.kind()) {
            case "llada_loss" -> llada(fixture);
            case "dream_loss" -> dream(fixture);
            default -> mdlm(fixture);
        };
    }

    private static TokenRows rows(SamplerCase fixture, boolean[] maskable) {
        long[] shape = fixture.shape(fixture.input("input_ids"));
        return TokenRows.of((int) shape[0], (int) shape[1], fixture.ints(fixture.input("input_ids")), maskable);
    }

    private static boolean[] marks(int count, IntPredicate holds) {
        boolean[] marks = new boolean[count];
        for (int n = 0; n < count; n++) {
            marks[n] = holds.test(n);
        }
        return marks;
    }

    private static Masker masker(SamplerCase fixture, TokenRows rows, double epsilon, String times) {
        GivenNoise noise = new GivenNoise(
                fixture.name(),
                fixture.doubles(fixture.input(times)),
                fixture.doubles(fixture.input("u")),
                rows.tokens());
        ModelFacts facts =
                Models.config(HubFolder.config(fixture.model().orElseThrow())).facts();
        return new Masker(facts.special().mask().orElseThrow(), epsilon, noise.source());
    }

    private static Scored llada(SamplerCase fixture) {
        JsonNode lengths = fixture.input("prompt_lengths");
        int[] prompts = lengths.isNull() ? new int[0] : fixture.ints(lengths);
        long[] shape = fixture.shape(fixture.input("input_ids"));
        int tokens = (int) shape[1];
        TokenRows rows = rows(
                fixture, marks((int) shape[0] * tokens, n -> prompts.length == 0 || n % tokens >= prompts[n / tokens]));
        Corrupted noisy =
                masker(fixture, rows, fixture.setting("eps").asDouble(), "t").corrupt(rows, 0);
        LossNormType type = prompts.length == 0 ? LossNormType.TOKEN : LossNormType.SEQUENCE;
        MdlmLoss loss = MdlmLoss.llada(type);
        return new Scored(noisy, loss.score(noisy, new LossWindow(1, loss.scorable(rows))), new double[0]);
    }

    private static Scored dream(SamplerCase fixture) {
        int[] answers = fixture.ints(fixture.input("loss_mask"));
        TokenRows rows = rows(fixture, marks(answers.length, n -> answers[n] == 1));
        TokenWeighting tokens = fixture.setting("token_reweighting").asBoolean(false)
                ? new TokenWeighting(
                        fixture.setting("alpha").asDouble(),
                        fixture.setting("gamma").asDouble())
                : TokenWeighting.NONE;
        DreamWeighting time = constant(
                DreamWeighting.class, fixture.setting("time_reweighting").asString());
        double cartP = time == DreamWeighting.CART ? fixture.doubles(fixture.setting("cart_p"))[0] : 1;
        DreamLoss loss = new DreamLoss(time, new ContextWeights(cartP), tokens, LossNormalization.REFERENCE);
        Corrupted noisy = masker(fixture, rows, 0, "t").corrupt(rows, 0);
        return new Scored(noisy, loss.score(noisy, new LossWindow(1, loss.scorable(rows))), loss.weights(noisy));
    }

    private static Scored mdlm(SamplerCase fixture) {
        int[] labels = fixture.ints(fixture.input("labels"));
        TokenRows given = rows(fixture, marks(labels.length, n -> labels[n] != IGNORED_LABEL));
        boolean shift = fixture.setting("right_shift_logits").asBoolean();
        int begin = fixture.setting("bos_id").asInt();
        TokenRows rows =
                shift ? new RowWindow(List.of(given)).begun(begin).rows().getFirst() : given;
        AlphaSchedule schedule =
                constant(AlphaSchedule.class, fixture.setting("scheduler").asString());
        Corrupted noisy = masker(fixture, rows, fixture.setting("time_epsilon").asDouble(), "t_uniform")
                .corrupt(rows, schedule, 0);
        LossWindow window = new LossWindow(1, rows.maskableCount());
        String type = fixture.setting("loss_weight_type").asString();
        LossNormType norm =
                constant(LossNormType.class, fixture.setting("loss_norm_type").asString());
        if (type.equals("cart")) {
            if (norm != LossNormType.TOKEN || !shift) {
                throw new FixtureException(fixture.name() + ": loss_weight_type cart needs loss_norm_type token and"
                        + " right_shift_logits true, but got " + norm.name().toLowerCase(Locale.ROOT) + " and "
                        + shift);
            }
            // The same weights as Dream's own, over all tokens that noise may hide.
            DreamLoss loss = new DreamLoss(
                    DreamWeighting.CART,
                    new ContextWeights(numberAtEnd(fixture)),
                    TokenWeighting.NONE,
                    LossNormalization.TOKEN_BOUND);
            return new Scored(noisy, loss.score(noisy, window), loss.weights(noisy));
        }
        RowWeighting weighting =
                type.equals("uniform") ? new RowWeighting.Uniform() : new RowWeighting.Scheduled(schedule);
        double[] weights = new double[noisy.ids().length];
        Arrays.setAll(weights, n -> weighting.at(noisy.times()[n / rows.tokens()]));
        return new Scored(noisy, MdlmLoss.mdlm(weighting, norm, shift).score(noisy, window), weights);
    }

    private static void compareLoss(SamplerCase fixture, Device device, Scored scored, Deviations deviations) {
        compareNoise(fixture, scored, deviations);
        JsonNode gradients = fixture.output("gradients");
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), true)) {
            device.run(ops -> {
                Accumulators sums = Accumulators.of(
                        ops, loaded.owner(), loaded.model().parameters().all());
                double loss = backward(ops, loaded, scored, sums);
                double want = fixture.output("loss").asDouble();
                deviations.compare("loss", loss, want, fixture.tolerance("loss_rel") * Math.abs(want));
                if (fixture.outputs().has("grad_norm")) {
                    compareGradients(ops, fixture, loaded, sums, deviations);
                }
                deviations.require(
                        gradients.propertyNames().stream()
                                .allMatch(name -> sums.weights().stream()
                                        .anyMatch(weight -> weight.name().equals(name))),
                        "the model has no weight of the name of some gradient");
                return loss;
            });
        }
    }

    private static void compareNoise(SamplerCase fixture, Scored scored, Deviations deviations) {
        Corrupted noisy = scored.noisy;
        deviations.compareIds("noisy_ids", noisy.ids(), fixture.ints(fixture.output("noisy_ids")));
        for (String times : List.of("t", "p_mask")) {
            if (fixture.outputs().has(times)) {
                double[] got = IntStream.range(0, noisy.times().length)
                        .mapToDouble(b -> noisy.times()[b])
                        .toArray();
                deviations.compare(
                        times, got, fixture.doubles(fixture.output(times)), new Deviations.Nearness(0, 1e-6));
            }
        }
        JsonNode masked = fixture.output("masked");
        if (masked.isNumber()) {
            deviations.compare("masked", scored.rows.count(), masked.asInt(), 0);
        } else {
            // LLaDA counts every mask token, the others what noise hides.
            boolean[] counted = fixture.kind().equals("llada_loss") ? noisy.masked() : noisy.hidden();
            int[] got = IntStream.range(0, counted.length)
                    .map(n -> counted[n] ? 1 : 0)
                    .toArray();
            deviations.compareIds("masked", got, fixture.ints(masked));
        }
        if (fixture.outputs().has("weights")) {
            Deviations.Nearness near =
                    new Deviations.Nearness(fixture.tolerance("weight_abs"), fixture.tolerance("weight_rel"));
            deviations.compare("weights", scored.weights, fixture.doubles(fixture.output("weights")), near);
        }
    }

    private static double backward(BackwardOps ops, Device.Loaded loaded, Scored scored, Accumulators sums) {
        if (scored.rows.isEmpty()) {
            return 0;
        }
        Tape tape = new Tape(ops, sums);
        CrossEntropy loss = scored.rows.crossEntropy(tape, loaded.model(), scored.noisy.canvas());
        double value = ops.doubles(loss.loss())[0];
        tape.backward(loss);
        return value;
    }

    private static void compareGradients(
            BackwardOps ops, SamplerCase fixture, Device.Loaded loaded, Accumulators sums, Deviations deviations) {
        Deviations.Nearness near =
                new Deviations.Nearness(fixture.tolerance("grad_abs"), fixture.tolerance("grad_rel"));
        JsonNode gradients = fixture.output("gradients");
        double squares = 0;
        for (Weight weight : sums.weights()) {
            double[] gradient = ops.doubles(sums.find(weight).orElseThrow());
            squares += Arrays.stream(gradient).map(g -> g * g).sum();
            if (gradients.has(weight.name())) {
                deviations.compare(
                        "gradient of " + weight.name(),
                        loaded.filed(weight, gradient),
                        fixture.doubles(gradients.path(weight.name())),
                        near);
            }
        }
        double want = fixture.output("grad_norm").asDouble();
        deviations.compare("grad_norm", Math.sqrt(squares), want, near.of(want));
    }
}
