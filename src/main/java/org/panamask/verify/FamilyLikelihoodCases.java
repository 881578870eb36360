package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.GreedySuffix;
import org.panamask.diffusion.LogLikelihood;
import org.panamask.diffusion.MaskDraws;
import org.panamask.diffusion.MaskPattern;
import org.panamask.diffusion.PatternScorer;
import org.panamask.diffusion.ScoredText;
import org.panamask.model.ModelFacts;
import tools.jackson.databind.JsonNode;

/// Likelihoods as LLaDA and Dream estimate them, and the suffix that LLaDA writes greedily.
final class FamilyLikelihoodCases implements SamplerCaseRunner {
    private static final int ROWS = 16;

    @Override
    public boolean takes(SamplerCase fixture) {
        return fixture.kind().equals("llada_likelihood")
                || fixture.kind().equals("dllm") && fixture.id().startsWith("dream_nll_");
    }

    @Override
    public boolean followsChoices(SamplerCase fixture) {
        return fixture.id().equals("suffix_greedy");
    }

    @Override
    public void run(SamplerCase fixture, Device device, Deviations deviations) {
        if (fixture.id().equals("stratified_counts")) {
            compareCounts(fixture, deviations);
            return;
        }
        try (Device.Loaded loaded = device.load(fixture.model().orElseThrow(), false)) {
            if (fixture.id().startsWith("suffix_greedy")) {
                compareSuffix(fixture, loaded, deviations);
            } else if (fixture.id().startsWith("dream_nll_ar")) {
                compareChain(fixture, loaded, deviations);
            } else {
                compareEstimate(fixture, loaded, deviations);
            }
        }
    }

    private static void compareCounts(SamplerCase fixture, Deviations deviations) {
        for (JsonNode one : fixture.outputs()) {
            int[] got = MaskDraws.Counts.stratified(
                    one.path("k").asInt(),
                    one.path("batch").asInt(),
                    one.path("target_len").asInt());
            deviations.compareIds("mask_counts", got, fixture.ints(one.path("mask_counts")));
        }
    }

    private static PatternScorer scorer(SamplerCase fixture, Device.Loaded loaded) {
        ModelFacts facts = loaded.model().facts();
        PatternScorer.Guess guess = new PatternScorer.Guess(
                facts.special().mask().orElseThrow(),
                inPlace(facts.alignment()),
                fixture.setting("cfg_scale").asDouble(0));
        return new PatternScorer(loaded.model(), loaded, guess, ROWS);
    }

    /// Dream's evaluation takes the logits of the first row for the first token too.
    private static Alignment inPlace(Alignment own) {
        return own == Alignment.OWN ? own : Alignment.SHIFTED_IN_PLACE;
    }

    private static ScoredText text(SamplerCase fixture, String prompt, String answer) {
        return ScoredText.answer(fixture.ints(fixture.input(prompt)), fixture.ints(fixture.input(answer)), 0);
    }

    private static void compareEstimate(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        boolean dream = fixture.kind().equals("dllm");
        int[] given = fixture.ints(fixture.input(dream ? "prefix" : "prompt"));
        int[] answer = fixture.ints(fixture.input(dream ? "target" : "answer"));
        int[] clean =
                IntStream.concat(IntStream.of(given), IntStream.of(answer)).toArray();
        int[] columns = columns(fixture, given.length, clean.length);
        ScoredText text = ScoredText.of(clean, columns, 0);
        int mask = loaded.model().facts().special().mask().orElseThrow();
        List<List<MaskDraws.Draw>> batches = new ArrayList<>();
        for (int k = 0; k < fixture.input("corrupted").size(); k++) {
            List<MaskDraws.Draw> draws = new ArrayList<>();
            double[] rates = fixture.doubles(fixture.input("p_mask").path(k));
            for (int j = 0; j < rates.length; j++) {
                int[] ids = fixture.ints(fixture.input("corrupted").path(k).path(j));
                draws.add(new MaskDraws.Draw(pattern(ids, columns, mask), (float) rates[j]));
            }
            batches.add(draws);
        }
        MaskDraws none = new MaskDraws.Counts(1, (_, _, _, _) -> 0);
        LogLikelihood.Estimate got = new LogLikelihood.MonteCarlo(scorer(fixture, loaded), none, 1).of(text, batches);
        Deviations.Nearness near = near(fixture);
        if (dream) {
            compare("nll", got.nll(), fixture.output("nll"), near, deviations);
            return;
        }
        double[] means = got.batches().stream().mapToDouble(one -> one).toArray();
        deviations.compare("loss_per_batch", means, fixture.doubles(fixture.output("loss_per_batch")), near);
        compare("log_likelihood", -got.nll(), fixture.output("log_likelihood"), near, deviations);
    }

    /// What is hidden and scored: for Dream `log_type` says whether the target (ftb), what stands before it (btf),
    /// or all (union).
    static int[] columns(SamplerCase fixture, int given, int all) {
        String type = fixture.setting("log_type").asString("ftb");
        IntStream columns = switch (type) {
            case "ftb" -> IntStream.range(given, all);
            case "btf" -> IntStream.range(0, given);
            case "union" -> IntStream.range(0, all);
            default ->
                throw new FixtureException(fixture.name() + ": log_type must be ftb, btf or union, but got " + type);
        };
        return columns.toArray();
    }

    private static MaskPattern pattern(int[] ids, int[] columns, int mask) {
        BitSet hidden = new BitSet();
        for (int i = 0; i < columns.length; i++) {
            hidden.set(i, ids[columns[i]] == mask);
        }
        return new MaskPattern(hidden, hidden);
    }

    private static Deviations.Nearness near(SamplerCase fixture) {
        return new Deviations.Nearness(fixture.tolerance("abs"), fixture.tolerance("rel"));
    }

    private static void compare(
            String name, double got, JsonNode want, Deviations.Nearness near, Deviations deviations) {
        deviations.compare(name, got, want.asDouble(), near.of(want.asDouble()));
    }

    private static void compareChain(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        boolean backwards = fixture.setting("nll_type").asString().equals("ar_btf");
        LogLikelihood.Estimate got =
                new LogLikelihood.Chain(scorer(fixture, loaded), backwards).of(text(fixture, "prefix", "target"));
        compare("nll", got.nll(), fixture.output("nll"), near(fixture), deviations);
    }

    private static void compareSuffix(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        ModelFacts facts = loaded.model().facts();
        int[] prompt = fixture.ints(fixture.input("prompt"));
        int[] suffix = fixture.ints(fixture.output("greedy_suffix"));
        GreedySuffix greedy = new GreedySuffix(
                loaded.model(), loaded, facts.special().mask().orElseThrow(), inPlace(facts.alignment()));
        List<int[]> canvases = greedy.canvases(ScoredText.answer(prompt, suffix, 0), _ -> true);
        // The reference was run several times, from the same start.
        Set<JsonNode> recorded = new LinkedHashSet<>();
        fixture.output("canvases").forEach(recorded::add);
        deviations.compareIds(
                "canvases",
                canvases.stream().flatMapToInt(Arrays::stream).toArray(),
                recorded.stream()
                        .flatMapToInt(canvas -> Arrays.stream(fixture.ints(canvas)))
                        .toArray());
        int[] last = canvases.getLast();
        deviations.compareIds("greedy_suffix", Arrays.copyOfRange(last, prompt.length, last.length), suffix);
        JsonNode answers = fixture.output("is_greedy_for");
        for (int k = 0; k < answers.size(); k++) {
            boolean writes = greedy.writes(ScoredText.answer(prompt, fixture.ints(answers.path(k)), 0));
            deviations.require(
                    writes == fixture.output("is_greedy").path(k).asBoolean(),
                    "is_greedy of " + answers.path(k) + " is " + writes);
        }
    }
}
