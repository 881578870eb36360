package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.AlphaSchedule;
import org.panamask.sampling.OrderSettings.Algorithm;
import org.panamask.sampling.TransferSettings.Rule;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.TokenRule;

/// Settings of one sampler with everything filled in that depends on its model.
///
/// @param settings as given
/// @param tokens the ids with a meaning
/// @param alignment which hidden state predicts a column
/// @param draws random numbers
/// @param hooks what is called on the way
record Decoding(BlockSettings settings, SamplerTokens tokens, Alignment alignment, Draws draws, SamplerHooks hooks) {
    static Decoding of(BlockSampler.Rule rule, SamplerHooks hooks) {
        Alignment alignment = rule.settings().shiftLogits().map(Alignment::of).orElse(rule.alignment());
        return new Decoding(rule.settings(), rule.tokens(), alignment, new Draws(rule.noise(), hooks.noise()), hooks);
    }

    /// Refuses settings that name tokens which a model with `vocabulary` rows of logits does not have.
    Decoding requireTokens(int vocabulary) {
        Map.of(
                        "suppress_tokens",
                        settings.tokens().suppressTokens(),
                        "confidence_suppress_tokens",
                        settings.tokens().confidenceSuppressTokens(),
                        "cfg_keep_tokens",
                        settings.guidance().cfgKeepTokens(),
                        "eos_token_ids",
                        settings.stopping().eosTokenIds())
                .forEach((key, names) -> TokenNames.require(key, names, tokens, vocabulary));
        return this;
    }

    boolean saves() {
        return settings.exactSavings();
    }

    boolean refers(Reference engine) {
        return settings.reference() == engine;
    }

    /// Whether masks that were given are filled in too, and mask tokens may be chosen, as engines do.
    boolean imitates() {
        return settings.reference() != Reference.NONE;
    }

    /// Whether a row stops when its answer has ended: engines do not, but for dInfer between blocks.
    boolean stopsEarly() {
        return settings.stopping().earlyStop() && (!imitates() || refers(Reference.DINFER));
    }

    /// Whether the model is one whose hidden states are shifted, as Dream's.
    private boolean isShifted() {
        return alignment != Alignment.OWN;
    }

    /// The rule of transfer, the model's own where none is asked for.
    Rule transfer() {
        Rule rule = settings.transfer().rule();
        if (rule != Rule.AUTO) {
            return rule;
        }
        if (refers(Reference.DLLM)) {
            return Rule.ALPHA_LINEAR;
        }
        return isShifted() || settings.order().alg() == Algorithm.ORIGIN ? Rule.TIMESTEP : Rule.QUOTA;
    }

    /// The ids that end an answer.
    List<Integer> end() {
        List<String> given = settings.stopping().eosTokenIds();
        return given.isEmpty() ? tokens.end() : TokenNames.ids(given, tokens);
    }

    /// The ids that are never chosen.
    private List<Integer> forbidden() {
        Stream<Integer> suppressed = TokenNames.ids(settings.tokens().suppressTokens(), tokens).stream();
        if (imitates()) {
            return suppressed.toList();
        }
        List<Integer> never = new ArrayList<>(tokens.unused());
        if (settings.tokens().suppressMaskToken()) {
            never.add(tokens.mask());
        }
        if (!tokens.end().contains(tokens.pad())) {
            never.add(tokens.pad());
        }
        return Stream.concat(suppressed, never.stream()).distinct().toList();
    }

    /// The ids that count for nothing in the confidence.
    private List<Integer> ignored() {
        List<Integer> ids = TokenNames.ids(settings.tokens().confidenceSuppressTokens(), tokens);
        boolean quirk = refers(Reference.LLADA) && settings.tokens().temperature() > 0;
        return quirk
                ? ids.stream().filter(id -> !id.equals(tokens.end().getFirst())).toList()
                : ids;
    }

    /// How tokens are chosen and how sure they are.
    TokenRule tokenRule() {
        TokenSettings chosen = settings.tokens();
        Confidence.Measure measure = transfer() == Rule.ENTROPY_BOUND
                ? Confidence.Measure.ENTROPY
                : switch (settings.order().alg()) {
                    case LOW_CONFIDENCE, MASKGIT_PLUS, RANDOM, ORIGIN -> Confidence.Measure.TOKEN;
                    case TOPK_MARGIN -> Confidence.Measure.MARGIN;
                    case ENTROPY -> Confidence.Measure.ENTROPY;
                };
        Confidence.Basis basis = switch (chosen.confidenceFrom()
                .orElse(isShifted() ? TokenSettings.Basis.FILTERED : TokenSettings.Basis.RAW)) {
            case RAW -> Confidence.Basis.RAW;
            case FILTERED -> Confidence.Basis.FILTERED;
        };
        return new TokenRule(
                chosen.temperature() == 0 ? 1 : chosen.temperature(),
                new TokenRule.Filters(chosen.topK(), chosen.topP(), TokenRule.Filters.First.TOP_P),
                forbidden(),
                Map.of(),
                new Confidence(measure, basis, ignored()));
    }

    /// The rule of a block in which `at` is the first step and `hidden` columns count.
    BlockRule rule(BlockStep at, int hidden, int steps) {
        TransferSettings how = settings.transfer();
        Rule transfer = transfer();
        return switch (transfer) {
            case AUTO, QUOTA, TIMESTEP, ALPHA_LINEAR, ALPHA_COSINE -> counted(at, hidden, steps);
            case THRESHOLD ->
                settings.soft().thresholdDecay() == 0
                        ? new BlockRule.Judged(above(threshold()))
                        : new BlockRule.Falling(this::above, settings.soft().thresholdDecay(), threshold());
            case CREDIT -> new BlockRule.Judged(above(threshold()));
            case FACTOR -> new BlockRule.Judged(Acceptance.factor(how.factor().orElse(1.0)));
            case ENTROPY_BOUND ->
                new BlockRule.Judged(Acceptance.entropyBound(how.entropyBound().orElse(0.1)));
            case HIERARCHY ->
                new BlockRule.Judged(
                        Acceptance.hierarchy(threshold(), how.lowThreshold().orElse(0.4)));
            case BUDGET -> new BlockRule.Budget(threshold(), hidden, steps);
        };
    }

    private Acceptance above(double threshold) {
        return refers(Reference.DINFER)
                ? Acceptance.bentThreshold(threshold)
                : Acceptance.threshold(threshold, settings.transfer().thresholdStrict());
    }

    /// Whether a cached pass cannot predict the first column of its block, because the column before is not fed.
    boolean opensFirst() {
        return settings.cache().isOn() && isShifted() && !settings.cache().feedPrevious();
    }

    /// Whether the counts of a block are made when it starts, so that a column which opens by itself is one too
    /// many.
    boolean countsWhatIsLeft() {
        return switch (transfer()) {
            case AUTO, QUOTA, ALPHA_LINEAR, ALPHA_COSINE, BUDGET ->
                settings.order().alg() != Algorithm.ORIGIN;
            case TIMESTEP, THRESHOLD, FACTOR, ENTROPY_BOUND, HIERARCHY, CREDIT -> false;
        };
    }

    private double threshold() {
        return settings.transfer().threshold().orElse(0.9);
    }

    private BlockRule counted(BlockStep at, int hidden, int steps) {
        return switch (settings.order().alg()) {
            case ORIGIN -> new BlockRule.Origin(shares(), steps, draws);
            case RANDOM -> new BlockRule.Random(counts(at, hidden, steps), draws);
            case LOW_CONFIDENCE, MASKGIT_PLUS, TOPK_MARGIN, ENTROPY ->
                new BlockRule.Surest(counts(at, hidden, steps), settings.order().algTemp(), draws);
        };
    }

    /// How many of `hidden` columns open in each of `steps` steps, for the rules that say so beforehand.
    Counts counts(BlockStep at, int hidden, int steps) {
        Rule transfer = transfer();
        if (transfer == Rule.TIMESTEP) {
            return Counts.shares(shares(), steps);
        }
        if (!transfer.hasShares()) {
            return Counts.quota(hidden, steps);
        }
        return settings.transfer().stochasticTransfer()
                ? Counts.drawn(shares(), hidden, steps, draws, at)
                : Counts.rounded(shares(), hidden, steps);
    }

    private Shares shares() {
        return switch (transfer()) {
            case ALPHA_LINEAR -> Shares.of(AlphaSchedule.LINEAR);
            case ALPHA_COSINE -> Shares.of(AlphaSchedule.COSINE);
            case AUTO, QUOTA, TIMESTEP, THRESHOLD, FACTOR, ENTROPY_BOUND, HIERARCHY, CREDIT, BUDGET ->
                Shares.timestep(settings.transfer().end());
        };
    }
}
