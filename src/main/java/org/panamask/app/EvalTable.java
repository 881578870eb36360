package org.panamask.app;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.panamask.eval.ChoiceEvaluation;
import org.panamask.eval.ChoiceResult;
import org.panamask.eval.Compositions;
import org.panamask.eval.Estimator;
import org.panamask.eval.GenerationCost;
import org.panamask.eval.MatchEvaluation;
import org.panamask.eval.MatchResult;
import org.panamask.eval.Mean;
import org.panamask.eval.Measured;
import org.panamask.eval.Method;
import org.panamask.eval.NllEvaluation;
import org.panamask.eval.NllResult;
import org.panamask.eval.NllSettings;
import org.panamask.eval.PairedDifference;
import org.panamask.eval.RowScore;
import org.panamask.eval.Subject;

/// Prints what was measured for people.
final class EvalTable {
    private final PrintWriter out;
    private final Map<String, String> environment;

    /// A table on `out` of numbers that were computed in `environment`.
    EvalTable(PrintWriter out, Map<String, String> environment) {
        this.out = out;
        this.environment = environment;
    }

    /// Likelihoods.
    void nll(NllEvaluation evaluation, List<NllResult> results) {
        heading(
                "negative log-likelihood of a token in nats, mean and standard error over rows",
                evaluation.data().source() + ", seed " + evaluation.settings().seed());
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("model", "estimate", "nll", "s.e.", "of draws", "exp(nll)", "rows", "tokens", "s/row"));
        for (NllResult result : results) {
            table.add(List.of(
                    result.subject().name(),
                    estimate(result.subject(), evaluation.settings()),
                    text("%.4f", result.mean().value()),
                    text("%.4f", result.mean().standardError()),
                    text("%.4f", result.drawError()),
                    text(result.isBound() ? "perplexity <= %.4g" : "perplexity %.4g", result.perplexity()),
                    count(result.rows().size()),
                    count(result.tokens()),
                    text("%.3f", result.secondsPerRow())));
        }
        print(table);
        for (NllResult result : results) {
            if (result.leftOut() > 0) {
                out.println(result.subject().name() + ": " + result.leftOut()
                        + " rows have no token to score and do not count");
            }
            RowScore.Work work = result.work();
            if (work.computed() < work.asked()) {
                out.println(result.subject().name() + ": " + work.computed() + " of " + work.asked()
                        + " noisy rows were computed; the others are equal to them or have nothing hidden");
            }
        }
        differences(results, "below 0 the first is better", 1);
    }

    /// Choices.
    void choices(ChoiceEvaluation evaluation, List<ChoiceResult> results) {
        heading(
                "share of questions whose right choice has the lowest negative log-likelihood of a token",
                evaluation.data().source() + ", seed " + evaluation.settings().seed());
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("model", "estimate", "accuracy", "s.e.", "questions", "ties", "s/question"));
        for (ChoiceResult result : results) {
            table.add(List.of(
                    result.subject().name(),
                    estimate(result.subject(), evaluation.settings()),
                    percent(result.mean().value()),
                    percent(result.mean().standardError()),
                    count(result.questions().size()),
                    count(result.ties()),
                    text("%.3f", result.secondsPerRow())));
        }
        print(table);
        for (ChoiceResult result : results) {
            if (result.ties() > 0) {
                out.println(result.subject().name() + ": of equally likely choices the first was taken");
            }
            if (result.cutChoices() > 0) {
                out.println(result.subject().name() + ": " + result.cutChoices()
                        + " choices do not fit and lose their end; raise --max-tokens");
            }
        }
        differences(results, "above 0 the first is better", 100);
    }

    /// Answers.
    void matches(MatchEvaluation evaluation, List<MatchResult> results) {
        heading(
                "share of generated answers that agree with the data's after the last ####",
                evaluation.data().source() + ", "
                        + evaluation.settings().sampler().summary());
        List<List<String>> table = new ArrayList<>();
        table.add(costs("model", List.of("accuracy", "s.e.")));
        for (MatchResult result : results) {
            table.add(costs(
                    result.subject().name(),
                    List.of(
                            percent(result.mean().value()),
                            percent(result.mean().standardError())),
                    result.cost()));
        }
        print(table);
        differences(results, "above 0 the first is better", 100);
    }

    /// Texts without a prompt.
    void compositions(Compositions compositions, List<MatchResult> results) {
        heading("texts without a prompt", compositions.settings().sampler().summary());
        List<List<String>> table = new ArrayList<>();
        table.add(costs("model", List.of()));
        for (MatchResult result : results) {
            table.add(costs(result.subject().name(), List.of(), result.cost()));
        }
        print(table);
        out.flush();
    }

    private static List<String> costs(String name, List<String> more) {
        List<String> cells = new ArrayList<>(List.of(name));
        cells.addAll(more);
        cells.addAll(List.of("samples", "s/sample", "forwards/sample", "tokens/sample", "tokens/forward"));
        return cells;
    }

    private static List<String> costs(String name, List<String> more, GenerationCost cost) {
        List<String> cells = new ArrayList<>(List.of(name));
        cells.addAll(more);
        cells.addAll(List.of(
                count(cost.rows()),
                text("%.3f", cost.secondsPerRow()),
                text("%.1f", cost.forwardsPerRow()),
                text("%.1f", (double) cost.tokens() / cost.rows()),
                text("%.2f", cost.tokensPerForward())));
        return cells;
    }

    private static String estimate(Subject subject, NllSettings settings) {
        return switch (subject.method()) {
            case Method.Autoregressive _ -> "exact";
            case Method.Diffusion(boolean _, Estimator estimator) -> settings.named(estimator);
        };
    }

    private void heading(String what, String how) {
        out.println(what);
        out.println(how + "; " + device());
        out.println();
    }

    /// Columns as wide as their widest cell; the first stands to the left, the others to the right.
    private void print(List<List<String>> table) {
        for (List<String> row : table) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < row.size(); c++) {
                int column = c;
                int width = table.stream()
                        .mapToInt(cells -> cells.get(column).length())
                        .max()
                        .orElse(0);
                String filling = " ".repeat(width - row.get(c).length());
                line.append(c == 0 ? row.get(c) + filling : "  " + filling + row.get(c));
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /// Means in the unit of which one is `scale`.
    private void differences(List<? extends Measured> results, String better, double scale) {
        List<PairedDifference> paired = PairedDifference.ofAll(results);
        if (results.size() > 1) {
            out.println();
            out.println("differences on the same rows and noise, mean +- standard error; " + better);
        }
        for (PairedDifference one : paired) {
            Mean difference = one.difference();
            out.println(one.of() + " - " + one.from() + ": "
                    + text(scale == 1 ? "%+.4f" : "%+.1f %%", scale * difference.value()) + " +- "
                    + text(scale == 1 ? "%.4f" : "%.1f %%", scale * difference.standardError()) + " ("
                    + text("%+.1f", one.inStandardErrors()) + " standard errors)");
        }
        int pairs = results.size() * (results.size() - 1) / 2;
        if (paired.size() < pairs) {
            out.println((pairs - paired.size()) + " of " + pairs
                    + " pairs do not score the same of the same rows and cannot be compared");
        }
        out.flush();
    }

    /// What the numbers were computed on, in a few words.
    private String device() {
        StringBuilder text = new StringBuilder(environment.getOrDefault("backend", ""));
        for (String fact : List.of("dtype", "library", "instruction set")) {
            if (environment.containsKey(fact)) {
                text.append(", ").append(environment.get(fact));
            }
        }
        if (environment.containsKey("threads")) {
            text.append(", ").append(environment.get("threads")).append(" threads");
        }
        return text.toString();
    }

    private static String percent(double share) {
        return text("%.1f %%", 100 * share);
    }

    private static String count(long number) {
        return Long.toString(number);
    }

    private static String text(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
    }
}
