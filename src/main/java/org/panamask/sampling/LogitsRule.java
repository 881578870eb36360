package org.panamask.sampling;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.TokenRule;

/// Chooses a token from logits on the host, as a [TokenRule] says: what the device does where nobody must see logits.
///
/// @param rule how tokens are chosen and how sure they are
/// @param greedy whether the likeliest token is taken
public record LogitsRule(TokenRule rule, boolean greedy) {
    /// How a token is drawn from logits and probabilities, both after temperature and filters.
    @FunctionalInterface
    public interface Draw {
        /// The token.
        int token(double[] logits, double[] probabilities);
    }

    /// The choice for a row of logits.
    ///
    /// @param token the token
    /// @param score how sure it is, in the rule's measure; a probability and not its logarithm
    /// @param probability of the token after temperature and filters, or what the measure says of it
    public record Chosen(int token, double score, double probability) {}

    /// Chooses from `logits`, which it changes.
    public Chosen choose(double[] logits, Draw draw) {
        rule.bias().forEach((id, amount) -> logits[id] += amount);
        rule.forbidden().forEach(id -> logits[id] = Double.NEGATIVE_INFINITY);
        double[] raw = softmax(logits);
        double[] tempered =
                Arrays.stream(logits).map(l -> l / rule.temperature()).toArray();
        double[] filtered = filtered(tempered);
        int token = greedy ? largest(logits) : draw.token(tempered, filtered);
        Confidence confidence = rule.confidence();
        double[] basis = switch (confidence.basis()) {
            case RAW -> raw;
            case FILTERED -> filtered;
        };
        double score = measure(confidence, basis.clone(), token);
        return new Chosen(token, score, confidence.measure() == Confidence.Measure.TOKEN ? score : filtered[token]);
    }

    private static double measure(Confidence confidence, double[] p, int token) {
        confidence.ignored().forEach(id -> p[id] = 0);
        double mass = Arrays.stream(p).sum();
        if (p[token] == 0) {
            return confidence.measure() == Confidence.Measure.TOKEN ? 0 : Double.NEGATIVE_INFINITY;
        }
        return switch (confidence.measure()) {
            case TOKEN -> p[token] / mass;
            case MARGIN -> {
                double[] sorted = p.clone();
                Arrays.sort(sorted);
                yield (sorted[sorted.length - 1] - sorted[sorted.length - 2]) / mass;
            }
            case ENTROPY ->
                Arrays.stream(p).map(x -> Confidence.entropy(x / mass)).sum();
        };
    }

    /// The rule of `settings` for a model that uses `tokens`; `shifted` where its hidden states are.
    public static LogitsRule of(BlockSettings settings, SamplerTokens tokens, boolean shifted) {
        BlockSampler.Rule rule =
                new BlockSampler.Rule(settings, tokens, Alignment.of(shifted), new Noise(settings.seed()));
        return new LogitsRule(
                Decoding.of(rule, SamplerHooks.NONE).tokenRule(),
                settings.tokens().temperature() == 0);
    }

    /// The probabilities of `logits`, tempered already, after top-p and top-k; dropped logits become minus
    /// infinity. Of equal ones those with lower ids stay.
    public double[] filtered(double[] logits) {
        TokenRule.Filters filters = rule.filters();
        if (filters.drops(logits.length)) {
            int[] order = order(logits);
            if (filters.first() == TokenRule.Filters.First.TOP_P) {
                keep(logits, order, byMass(logits, order, filters.topP()));
                keep(logits, order, filters.topK() == 0 ? order.length : filters.topK());
            } else {
                keep(logits, order, filters.topK() == 0 ? order.length : filters.topK());
                keep(logits, order, byMass(logits, order, filters.topP()));
            }
        }
        return softmax(logits);
    }

    private static int[] order(double[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> Double.compare(logits[b], logits[a]))
                .mapToInt(id -> id)
                .toArray();
    }

    /// How many of the likeliest stay: those before which there is at most `bound`.
    private static int byMass(double[] logits, int[] order, double bound) {
        if (bound >= 1) {
            return order.length;
        }
        double[] p = softmax(logits);
        double before = 0;
        int count = 0;
        while (count < order.length && before <= bound) {
            before += p[order[count++]];
        }
        return count;
    }

    private static void keep(double[] logits, int[] order, int count) {
        for (int n = count; n < order.length; n++) {
            logits[order[n]] = Double.NEGATIVE_INFINITY;
        }
    }

    static double[] softmax(double[] logits) {
        double largest = Arrays.stream(logits).max().orElseThrow();
        double[] p = Arrays.stream(logits).map(l -> Math.exp(l - largest)).toArray();
        double sum = Arrays.stream(p).sum();
        return Arrays.stream(p).map(x -> x / sum).toArray();
    }

    /// The place of the largest value, the first of equals.
    static int largest(double[] values) {
        int best = 0;
        for (int id = 1; id < values.length; id++) {
            best = values[id] > values[best] ? id : best;
        }
        return best;
    }

    /// The first id whose cumulative probability exceeds `uniform`.
    static int drawn(double[] probabilities, double uniform) {
        double before = 0;
        int token = 0;
        for (int id = 0; id < probabilities.length; id++) {
            if (probabilities[id] > 0) {
                token = id;
                before += probabilities[id];
                if (before > uniform) {
                    break;
                }
            }
        }
        return token;
    }
}
