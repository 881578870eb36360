package org.panamask.eval;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.panamask.config.Section;
import org.panamask.config.SettingType;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes results as JSON, each row's included, so that other figures can be made of them: what was done, each model's
/// numbers, the differences of every two models, and what it ran on. A number that cannot be said is `null`.
public final class ResultFile {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final ObjectNode root = MAPPER.createObjectNode();

    private ResultFile(String metric) {
        root.put("metric", metric);
    }

    /// Writes likelihoods into `file`, which is replaced if it is there.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(
            Path file, NllEvaluation evaluation, List<NllResult> results, Map<String, String> environment) {
        new ResultFile("nll")
                .data(evaluation.data())
                .scoring(evaluation.settings())
                .models(results, (node, result) -> nll(node, result, evaluation.settings()))
                .differences(results)
                .write(file, environment);
    }

    /// Writes choices into `file`, which is replaced if it is there.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(
            Path file, ChoiceEvaluation evaluation, List<ChoiceResult> results, Map<String, String> environment) {
        new ResultFile("choice")
                .data(evaluation.data())
                .scoring(evaluation.settings())
                .models(results, (node, result) -> choices(node, result, evaluation.settings()))
                .differences(results)
                .write(file, environment);
    }

    /// Writes answers into `file`, which is replaced if it is there.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(
            Path file, MatchEvaluation evaluation, List<MatchResult> results, Map<String, String> environment) {
        new ResultFile("match")
                .data(evaluation.data())
                .generation(evaluation.settings())
                .models(results, ResultFile::matches)
                .differences(results)
                .write(file, environment);
    }

    /// Writes what texts without a prompt cost into `file`, which is replaced if it is there.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(
            Path file, Compositions compositions, List<MatchResult> results, Map<String, String> environment) {
        ResultFile result = new ResultFile("unconditional");
        result.root.put("max_tokens", compositions.columns());
        result.generation(compositions.settings())
                .models(results, ResultFile::texts)
                .differences(List.of())
                .write(file, environment);
    }

    private static void nll(ObjectNode node, NllResult result, NllSettings settings) {
        subject(node, result.subject());
        estimate(node, result.subject(), settings);
        mean(node, "nll", result.mean());
        number(node, "draw_error", result.drawError());
        number(node, "perplexity", result.perplexity());
        node.put("is_bound", result.isBound());
        node.put("rows", result.rows().size());
        node.put("left_out", result.leftOut());
        node.put("tokens", result.tokens());
        number(node, "seconds", result.seconds());
        number(node, "seconds_per_row", result.secondsPerRow());
        node.put("noisy_rows", result.work().asked());
        node.put("computed_rows", result.work().computed());
        ArrayNode samples = node.putArray("row_samples");
        ArrayNode tokens = node.putArray("row_tokens");
        ArrayNode values = node.putArray("row_nll");
        ArrayNode errors = node.putArray("row_draw_error");
        for (RowScore row : result.rows()) {
            samples.add(row.sample());
            tokens.add(row.tokens());
            values.add(row.nll());
            if (Double.isFinite(row.standardError())) {
                errors.add(row.standardError());
            } else {
                errors.addNull();
            }
        }
    }

    private static void choices(ObjectNode node, ChoiceResult result, NllSettings settings) {
        accuracy(node, result);
        estimate(node, result.subject(), settings);
        node.put("ties", result.ties());
        node.put("cut_choices", result.cutChoices());
        number(node, "seconds", result.seconds());
        number(node, "seconds_per_row", result.secondsPerRow());
        ArrayNode answers = node.putArray("row_answer");
        ArrayNode chosen = node.putArray("row_chosen");
        ArrayNode values = node.putArray("row_nll");
        for (ChoiceScore question : result.questions()) {
            answers.add(question.answer());
            chosen.add(question.chosen());
            ArrayNode each = values.addArray();
            question.nll().forEach(each::add);
        }
    }

    private static void matches(ObjectNode node, MatchResult result) {
        accuracy(node, result);
        cost(node, result.cost());
        ArrayNode right = node.putArray("row_right");
        result.predictions().forEach(prediction -> right.add(prediction.isRight()));
    }

    private static void texts(ObjectNode node, MatchResult result) {
        subject(node, result.subject());
        cost(node, result.cost());
    }

    private static void accuracy(ObjectNode node, Measured result) {
        subject(node, result.subject());
        mean(node, "accuracy", result.mean());
        node.put("rows", result.mean().count());
    }

    private static void cost(ObjectNode node, GenerationCost cost) {
        node.put("samples", cost.rows());
        node.put("tokens", cost.tokens());
        node.put("forwards", cost.forwards());
        number(node, "forwards_per_sample", cost.forwardsPerRow());
        number(node, "tokens_per_forward", cost.tokensPerForward());
        number(node, "seconds", cost.seconds());
        number(node, "seconds_per_sample", cost.secondsPerRow());
        number(node, "tokens_per_second", cost.tokensPerSecond());
    }

    private ResultFile data(EvaluationData data) {
        root.put("data", data.source());
        root.put("form", data.form().written());
        root.put("max_tokens", data.settings().maxTokens());
        root.put("pad_as_target", data.settings().padAsTarget());
        return this;
    }

    private ResultFile scoring(NllSettings settings) {
        root.put("seed", settings.seed());
        root.put("batch", settings.batch());
        root.put("cfg_scale", settings.draws().cfgScale());
        return this;
    }

    /// How the likelihood of a diffusion model was estimated.
    private static void estimate(ObjectNode node, Subject subject, NllSettings settings) {
        if (subject.method() instanceof Method.Diffusion(boolean _, Estimator estimator)) {
            node.put("likelihood", estimator.written());
            switch (estimator) {
                case DDM -> node.put("steps", settings.steps(estimator));
                case LLADA, DREAM ->
                    node.put("steps", settings.steps(estimator)).put("mc_batch", settings.together(estimator));
                case AR_FTB, AR_BTF -> {}
            }
        }
    }

    private ResultFile generation(GenerationSettings settings) {
        switch (settings.sampler()) {
            case DdmSettings ddm -> {
                root.put("steps", ddm.steps());
                root.put("temperature", ddm.temperature());
                root.put("top_p", ddm.topP());
                root.put("top_k", ddm.topK());
                root.put("order", EvaluationData.written(ddm.order()));
                root.put("choice", EvaluationData.written(ddm.choice()));
                root.put("seed", ddm.seed());
            }
            case BlockSettings block -> {
                Section keys = Section.of(BlockSettings.class);
                List<Object> values = keys.values(block);
                for (int n = 0; n < values.size(); n++) {
                    Object value =
                            values.get(n) instanceof Optional<?> optional ? optional.orElse(null) : values.get(n);
                    root.putPOJO(
                            keys.names().get(n),
                            value instanceof Enum<?> one ? SettingType.Choice.written(one) : value);
                }
            }
        }
        root.put("batch", settings.batch());
        return this;
    }

    private static void subject(ObjectNode node, Subject subject) {
        node.put("name", subject.name());
        node.put("model", subject.model().path().toString());
        ArrayNode adapters = node.putArray("adapters");
        subject.model().adapter().forEach(adapter -> adapters.add(adapter.toString()));
        switch (subject.method()) {
            case Method.Diffusion(boolean shift, Estimator _) ->
                node.put("mode", "diffusion").put("shift", shift);
            case Method.Autoregressive _ -> node.put("mode", "ar");
        }
    }

    private static void mean(ObjectNode node, String name, Mean mean) {
        number(node, name, mean.value());
        number(node, "standard_error", mean.standardError());
    }

    private static void number(ObjectNode node, String name, double value) {
        if (Double.isFinite(value)) {
            node.put(name, value);
        } else {
            node.putNull(name);
        }
    }

    private <R> ResultFile models(List<R> results, BiConsumer<ObjectNode, R> numbers) {
        ArrayNode models = root.putArray("models");
        results.forEach(result -> numbers.accept(models.addObject(), result));
        return this;
    }

    private ResultFile differences(List<? extends Measured> results) {
        ArrayNode differences = root.putArray("differences");
        for (PairedDifference paired : PairedDifference.ofAll(results)) {
            ObjectNode node = differences.addObject();
            node.put("of", paired.of());
            node.put("from", paired.from());
            mean(node, "difference", paired.difference());
            number(node, "in_standard_errors", paired.inStandardErrors());
            node.put("rows", paired.difference().count());
        }
        return this;
    }

    private void write(Path file, Map<String, String> facts) {
        ObjectNode environment = root.putObject("environment");
        facts.forEach(environment::put);
        TextFile.replace(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
    }
}
