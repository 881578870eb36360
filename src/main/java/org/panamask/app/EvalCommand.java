package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.panamask.config.Require;
import org.panamask.config.SettingException;
import org.panamask.data.DataSettings;
import org.panamask.eval.ChoiceEvaluation;
import org.panamask.eval.ChoiceResult;
import org.panamask.eval.Compositions;
import org.panamask.eval.EvaluationData;
import org.panamask.eval.GenerationSettings;
import org.panamask.eval.MatchEvaluation;
import org.panamask.eval.MatchResult;
import org.panamask.eval.NllEvaluation;
import org.panamask.eval.NllResult;
import org.panamask.eval.NllSettings;
import org.panamask.eval.PredictionsFile;
import org.panamask.eval.ResultFile;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Measures models side by side on the same rows under the same noise.
@Command(name = "eval", description = "Measure models on rows they have not seen; docs/eval.md explains each number.")
final class EvalCommand implements Callable<Integer> {
    private static final int SAMPLING_STEPS = 64;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private EvalModels models = new EvalModels();

    @Mixin
    private TokenOptions tokens = new TokenOptions();

    @Option(
            names = "--metric",
            defaultValue = "nll",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private Metric metric = Metric.NLL;

    @Option(names = "--data", paramLabel = "FILE", description = "rows, as training reads them, or questions")
    private Optional<Path> data = Optional.empty();

    @Option(
            names = "--form",
            defaultValue = "answers",
            description = "what a row is: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private EvaluationData.Form form = EvaluationData.Form.ANSWERS;

    @Option(names = "--rows", defaultValue = "0", description = "rows read from FILE, or texts; 0 reads all (default)")
    private int rows;

    @Option(names = "--max-tokens", defaultValue = "1024", description = "data.max_tokens (default ${DEFAULT-VALUE})")
    private int maxTokens;

    @Option(names = "--template", paramLabel = "NAME", description = "data.template, for conversations")
    private Optional<String> template = Optional.empty();

    @Option(names = "--pad-as-target", description = "score the padding after an answer too")
    private boolean padAsTarget;

    @Option(
            names = "--steps",
            paramLabel = "T",
            description =
                    "times at which rows are masked (default 32) or draws of a row (default 128), by --likelihood; or"
                            + " denoising steps (default 64; as many as --max-tokens without a prompt)")
    private Optional<Integer> steps = Optional.empty();

    @Option(
            names = "--mc-batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "draws of a row that are spread evenly together, under --likelihood llada and dream (default"
                    + " ${DEFAULT-VALUE})")
    private int drawnTogether;

    @Option(
            names = "--cfg-scale",
            paramLabel = "S",
            defaultValue = "0",
            description = "guidance of likelihoods by the prompt, but under ddm; 0 is none (default)")
    private double guidance;

    @Option(names = "--seed", defaultValue = "42", description = "seed of all noise (default ${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--batch", defaultValue = "16", description = "rows computed at once (default ${DEFAULT-VALUE})")
    private int batch;

    @Option(names = "--top-k", defaultValue = "0", description = "keep this many of the likeliest tokens; 0 keeps all")
    private int topK;

    @Option(names = "--out", paramLabel = "FILE", description = "JSON file for every number, each row's included")
    private Optional<Path> output = Optional.empty();

    @Option(
            names = "--predictions",
            paramLabel = "DIR",
            defaultValue = "runs/eval",
            description = "folder for generated_predictions.jsonl; of several models one each (default"
                    + " ${DEFAULT-VALUE})")
    private Path predictions = Path.of("");

    /// Made by picocli.
    EvalCommand() {}

    /// What is measured.
    enum Metric {
        /// Likelihood.
        NLL,
        /// Multiple choice.
        CHOICE,
        /// Exact match of generated answers.
        MATCH,
        /// Texts without a prompt.
        UNCONDITIONAL
    }

    @Override
    public Integer call() {
        Require.atLeast("--rows", rows, 0);
        switch (metric) {
            case NLL -> likelihood();
            case CHOICE -> choice();
            case MATCH -> match();
            case UNCONDITIONAL -> unconditional();
        }
        return 0;
    }

    private void likelihood() {
        NllEvaluation evaluation = new NllEvaluation(data(), scoring());
        EvalModels.Results<NllResult> measured = models.each(evaluation::of);
        warn(measured.results().getFirst().warnings());
        table(measured).nll(evaluation, measured.results());
        output.ifPresent(file -> ResultFile.write(file, evaluation, measured.results(), measured.environment()));
    }

    private void choice() {
        ChoiceEvaluation evaluation = new ChoiceEvaluation(data(), scoring());
        EvalModels.Results<ChoiceResult> measured = models.each(evaluation::of);
        table(measured).choices(evaluation, measured.results());
        output.ifPresent(file -> ResultFile.write(file, evaluation, measured.results(), measured.environment()));
    }

    private void match() {
        MatchEvaluation evaluation = new MatchEvaluation(data(), generation(SAMPLING_STEPS));
        EvalModels.Results<MatchResult> measured = models.each(evaluation::of);
        warn(measured.results().getFirst().warnings());
        table(measured).matches(evaluation, measured.results());
        writePredictions(measured.results());
        output.ifPresent(file -> ResultFile.write(file, evaluation, measured.results(), measured.environment()));
    }

    private void unconditional() {
        Compositions compositions = new Compositions(rows, maxTokens, generation(maxTokens));
        EvalModels.Results<MatchResult> measured = models.each(compositions::of);
        table(measured).compositions(compositions, measured.results());
        writePredictions(measured.results());
        output.ifPresent(file -> ResultFile.write(file, compositions, measured.results(), measured.environment()));
    }

    private EvaluationData data() {
        Path file = data.orElseThrow(() -> new SettingException(
                "--data must name a file for every metric but unconditional, but is missing; add it"));
        DataSettings settings = DataSettings.of(file)
                .with("max_tokens", maxTokens)
                .with("max_samples", rows)
                .with("pad_as_target", padAsTarget);
        return new EvaluationData(template.isPresent() ? settings.with("template", template.get()) : settings, form);
    }

    private NllSettings scoring() {
        return new NllSettings(steps, seed, batch, new NllSettings.Draws(drawnTogether, guidance));
    }

    private GenerationSettings generation(int usualSteps) {
        SamplerSettings sampler = switch (models.sampling()) {
            case DdmSettings _ ->
                tokens.sampling().with("steps", steps.orElse(usualSteps)).with("length", maxTokens);
            case BlockSettings usual -> {
                BlockSettings block = tokens.over(usual);
                yield steps.map(count -> block.with("steps", count)).orElse(block);
            }
        };
        return new GenerationSettings(sampler.with("top_k", topK).with("seed", seed), batch);
    }

    private EvalTable table(EvalModels.Results<?> measured) {
        return new EvalTable(spec.commandLine().getOut(), measured.environment());
    }

    private void warn(List<String> warnings) {
        PrintWriter err = spec.commandLine().getErr();
        warnings.forEach(warning -> err.println("warning: " + warning));
        err.flush();
    }

    private void writePredictions(List<MatchResult> results) {
        for (MatchResult result : results) {
            Path folder = results.size() == 1
                    ? predictions
                    : predictions.resolve(result.subject().name());
            Path file = PredictionsFile.write(folder, result.predictions());
            spec.commandLine().getOut().println("texts are in " + file);
        }
        spec.commandLine().getOut().flush();
    }
}
