package org.panamask.verify;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Gpt2;
import org.panamask.model.Llama;
import org.panamask.model.LlamaConfig;
import org.panamask.model.LlamaFamily;
import org.panamask.nn.Rotary;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;

/// Forward passes.
final class ForwardCases {
    private ForwardCases() {}

    /// The logits of every row.
    static double[] logits(Ops ops, Device.Loaded loaded, Canvas canvas) {
        return ops.doubles(
                ops.logits(loaded.model().hidden(ops, canvas), loaded.model().head()));
    }

    /// Logits under every kind of mask.
    static final class Logits implements CaseRunner {
        @Override
        public String kind() {
            return "forward";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            int batch = (int) fixture.shape("input_ids")[0];
            int tokens = (int) fixture.shape("input_ids")[1];
            Canvas plain = Canvas.of(batch, tokens, fixture.ints("input_ids")).withMask(mask(fixture, tokens));
            Canvas canvas =
                    fixture.hasInput("position_ids") ? plain.withPositions(fixture.ints("position_ids")) : plain;
            try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
                double[] logits = loaded.run(ops -> logits(ops, loaded, canvas));
                int vocabulary = loaded.model().vocabularySize();
                IntPredicate counts = counted(fixture, tokens);
                deviations.compare("logits", logits, n -> counts.test(n / vocabulary));
            }
        }

        private static AttentionMask mask(FixtureCase fixture, int tokens) {
            if (fixture.hasInput("lengths")) {
                return new AttentionMask.Lengths(
                        Arrays.stream(fixture.ints("lengths")).boxed().toList());
            }
            if (fixture.hasInput("segment_ids")) {
                int[] ids = fixture.ints("segment_ids");
                int[][] rows = new int[ids.length / tokens][];
                Arrays.setAll(rows, b -> Arrays.copyOfRange(ids, b * tokens, (b + 1) * tokens));
                return AttentionMask.Segments.of(rows);
            }
            String name = fixture.parameter("mask").asString();
            return switch (name) {
                case "causal" -> new AttentionMask.Causal();
                case "full" -> new AttentionMask.Full();
                case "anneal" -> AnnealingCases.given(fixture.doubles("bernoulli"), tokens);
                default ->
                    throw new FixtureException(
                            fixture.name() + ": mask must be causal, full or anneal, but got " + name);
            };
        }

        /// Which rows are compared: none of the padding.
        private static IntPredicate counted(FixtureCase fixture, int tokens) {
            if (fixture.hasInput("lengths")) {
                int[] lengths = fixture.ints("lengths");
                return row -> row % tokens < lengths[row / tokens];
            }
            if (fixture.hasInput("segment_ids")) {
                int[] ids = fixture.ints("segment_ids");
                return row -> ids[row] != 0;
            }
            return _ -> true;
        }
    }

    /// Rotary tables.
    static final class Rope implements CaseRunner {
        @Override
        public String kind() {
            return "rope";
        }

        @Override
        public void run(FixtureCase fixture, Device device, Deviations deviations) {
            int tokens = fixture.parameter("seq_len").asInt();
            try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
                switch (loaded.model()) {
                    case Gpt2 _ -> deviations.miss("the model has no rotary positions");
                    case Llama llama -> compare(llama.config(), llama.rotary(), tokens, loaded, deviations);
                    case LlamaFamily family ->
                        compare(family.config().layout(), family.rotary(), tokens, loaded, deviations);
                }
                deviations.compare("attention_scaling", 1);
            }
        }

        private static void compare(
                LlamaConfig config, Rotary rotary, int tokens, Device.Loaded loaded, Deviations deviations) {
            int half = config.heads().width() / 2;
            LlamaConfig.Rope rope = config.rope();
            deviations.compare("inv_freq", rope.scaling().frequencies(rope.theta(), 2 * half));
            double[] cos = loaded.run(ops -> ops.doubles(rotary.cos()));
            double[] sin = loaded.run(ops -> ops.doubles(rotary.sin()));
            deviations.compare("cos", twice(cos, tokens, half));
            deviations.compare("sin", twice(sin, tokens, half));
        }

        /// The reference keeps every angle twice, once for each half of a head.
        private static double[] twice(double[] table, int tokens, int half) {
            double[] doubled = new double[tokens * 2 * half];
            Arrays.setAll(doubled, n -> table[n / (2 * half) * half + n % half]);
            return doubled;
        }
    }
}
