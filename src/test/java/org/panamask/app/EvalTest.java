package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The command `eval`, as a person types it.
final class EvalTest {
    @TempDir
    private Path folder;

    private Path model;
    private Path rows;

    @BeforeEach
    void writeTheModel() throws IOException {
        model = ToyModel.write(folder.resolve("model"));
        rows = ToyModel.writeRows(folder.resolve("rows.jsonl"), 12);
    }

    private CommandRun eval(Object... more) {
        Object[] arguments = {"eval", "--data", rows, "--backend", "reference"};
        return CommandRun.of(
                Stream.concat(Stream.of(arguments), Stream.of(more)).toArray());
    }

    private static JsonNode json(Path file) throws IOException {
        return JsonMapper.builder().build().readTree(Files.readString(file));
    }

    @Test
    void likelihoodsOfSeveralModelsStandSideBySide() throws IOException {
        Path output = folder.resolve("results/eval.json");
        CommandRun run = eval(
                model,
                model + ",mode=ar,name=causal",
                model + ",shift=false,name=unshifted",
                "--steps",
                4,
                "--out",
                output);

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.getFirst())
                .isEqualTo("negative log-likelihood of a token in nats, mean and standard error over rows");
        assertThat(lines.get(1)).startsWith(rows + ", seed 42; reference, f32");
        assertThat(lines.get(4))
                .matches("model +ddm, 4 times +[0-9.]+ +[0-9.]+ +- +perplexity <= [0-9.e+]+ +12 +48 +[0-9.]+");
        assertThat(lines.get(5))
                .matches("causal +exact +[0-9.]+ +[0-9.]+ +0.0000 +perplexity [0-9.e+]+ +12 +48 +[0-9.]+");
        assertThat(lines.get(9)).matches("causal - model: [+-][0-9.]+ \\+- [0-9.]+ \\([+-][0-9.]+ standard errors\\)");
        assertThat(lines).hasSize(12);

        JsonNode root = json(output);
        assertThat(root.propertyNames())
                .containsExactly(
                        "metric",
                        "data",
                        "form",
                        "max_tokens",
                        "pad_as_target",
                        "seed",
                        "batch",
                        "cfg_scale",
                        "models",
                        "differences",
                        "environment");
        JsonNode first = root.path("models").path(0);
        assertThat(first.path("name").asString()).isEqualTo("model");
        assertThat(first.path("mode").asString()).isEqualTo("diffusion");
        assertThat(first.path("likelihood").asString()).isEqualTo("ddm");
        assertThat(first.path("steps").asInt()).isEqualTo(4);
        assertThat(first.path("row_nll").size()).isEqualTo(12);
        assertThat(root.path("models").path(1).path("is_bound").asBoolean()).isFalse();
        assertThat(root.path("differences").size()).isEqualTo(3);
        assertThat(root.path("environment").path("backend").asString()).isEqualTo("reference");
    }

    @Test
    void theJargonExampleReadsTheTable() throws IOException, InterruptedException {
        Path output = folder.resolve("eval.json");
        CommandRun run = eval(
                model + ",mode=ar,name=exact",
                model + ",name=ar",
                model + ",name=scratch",
                model + ",name=adapted",
                model + ",name=tuned",
                "--steps",
                4,
                "--out",
                output);
        Path runs = Files.createDirectory(folder.resolve("runs"));
        Files.writeString(runs.resolve("eval.txt"), run.out());
        for (String file : List.of("decoding.md", "samples.md", "infills.md", "seconds")) {
            Files.createFile(runs.resolve(file));
        }
        for (String stage : List.of("ar", "scratch", "adapted", "tuned")) {
            Files.writeString(Files.createDirectory(runs.resolve(stage)).resolve("recipe.yaml"), "  max_steps: 7\n");
        }
        Path script = Files.copy(Path.of("examples", "jargon", "results"), folder.resolve("results"));

        Process process = new ProcessBuilder("bash", script.toString())
                .redirectErrorStream(true)
                .start();
        String page = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(page).isZero();
        JsonNode exact = json(output).path("models").path(0);
        JsonNode tuned = json(output).path("models").path(4);
        assertThat(page)
                .contains("| `tuned` | 3. fine-tuned for 7 steps,  s | " + rounded(tuned)
                        + " | +0.000 ± 0.000 against `adapted` |")
                .contains("`ar` has exactly " + rounded(exact) + " on the same tokens");
    }

    private static String rounded(JsonNode model) {
        return rounded(model.path("nll").asDouble()) + " ± "
                + rounded(model.path("standard_error").asDouble());
    }

    /// Three of the four digits that the table has, rounded as C does.
    private static String rounded(double number) {
        double told = Double.parseDouble(String.format(Locale.ROOT, "%.4f", number));
        return new BigDecimal(told).setScale(3, RoundingMode.HALF_EVEN).toPlainString();
    }

    @Test
    void aModelAgainstItselfDiffersByNothing() throws IOException {
        Path output = folder.resolve("eval.json");
        assertThat(eval(model, model + ",name=again", "--out", output, "--rows", 5)
                        .exitCode())
                .isZero();

        JsonNode difference = json(output).path("differences").path(0);
        assertThat(difference.path("difference").asDouble()).isZero();
        assertThat(difference.path("standard_error").asDouble()).isZero();
        assertThat(difference.path("in_standard_errors").isNull()).isTrue();
        assertThat(difference.path("rows").asInt()).isEqualTo(5);
    }

    @Test
    void modelsThatScoreOtherTokensAreNotCompared() throws IOException {
        rows = Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"abc\"}\n{\"text\": \"defg\"}\n");

        assertThat(eval(model, model + ",shift=false,name=other", "--form", "documents")
                        .out())
                .endsWith("1 of 1 pairs do not score the same of the same rows and cannot be compared"
                        + System.lineSeparator());
    }

    @Test
    void anAdapterIsMeasuredBesideItsModel() throws IOException {
        Path recipe =
                ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 8, learning_rate: 0.1}\n");
        assertThat(CommandRun.of("train", recipe).exitCode()).isZero();

        CommandRun both = eval(model, model + ",adapter=" + folder.resolve("run"));

        assertThat(both.exitCode()).isZero();
        assertThat(both.out()).contains("run - model: ");
        assertThat(eval(model, "-a", folder.resolve("run")).out()).contains("\nrun ");
    }

    @Test
    void aLladaIsMeasuredByItsOwnEstimateUnlessToldOtherwise() throws IOException {
        Path llada = ToyModel.writeLlada(folder.resolve("llada"));
        Path output = folder.resolve("eval.json");

        CommandRun run = eval(
                llada,
                llada + ",likelihood=dream,name=dream",
                llada + ",likelihood=ar_ftb,name=chain",
                "--steps",
                32,
                "--mc-batch",
                8,
                "--rows",
                3,
                "--out",
                output);

        assertThat(run.exitCode()).as(run.err()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.get(4))
                .matches("llada +llada, 32 draws( +[0-9.]+){3} +perplexity <= [0-9.e+]+ +3 +12 +[0-9.]+");
        assertThat(lines.get(5)).startsWith("dream  dream, 32 draws ");
        assertThat(lines.get(6)).matches("chain +ar_ftb( +[0-9.]+){2} +0.0000 +perplexity [0-9.e+]+ +3 +12 +[0-9.]+");
        // Answers of 4 tokens have 15 patterns of masks.
        assertThat(lines.get(7))
                .matches("llada: [1-4][0-9] of 96 noisy rows were computed; the others are equal to"
                        + " them or have nothing hidden");
        JsonNode first = json(output).path("models").path(0);
        assertThat(first.path("likelihood").asString()).isEqualTo("llada");
        assertThat(first.path("shift").asBoolean(true)).isFalse();
        assertThat(first.path("mc_batch").asInt()).isEqualTo(8);
        assertThat(first.path("noisy_rows").asInt()).isEqualTo(96);
        assertThat(first.path("draw_error").asDouble()).isPositive();
        assertThat(first.path("row_draw_error").size()).isEqualTo(3);
        assertThat(eval(llada, "--likelihood", "ddm").out()).contains("ddm, 32 times");
    }

    @Test
    void likelihoodsThatDoNotFitAreRefused() {
        refused("likelihood must be ddm, llada, dream, ar_ftb or ar_btf, not 'mc'", model, "--likelihood", "mc");
        refused(
                "steps must be a multiple of --mc-batch 16 under likelihood llada, not 20",
                model,
                "--likelihood",
                "llada",
                "--steps",
                20);
        refused("cfg_scale must be 0 under likelihood ddm, not 0.5", model, "--cfg-scale", 0.5);
        refused("mc_batch must be at least 1, not 0", model, "--mc-batch", 0);
        refused("cfg_scale must be at least 0, not -1.0", model, "--cfg-scale", -1);
    }

    @Test
    void questionsAreAnswered() throws IOException {
        rows = Files.writeString(folder.resolve("questions.jsonl"), """
                {"prompt": "spell a", "choices": ["a", "bcd"], "answer": 0}
                {"prompt": "same", "choices": ["x", "x"], "answer": 0}
                """);
        Path output = folder.resolve("eval.json");

        CommandRun run =
                eval(model, model + ",mode=ar,name=causal", "--metric", "choice", "--steps", 4, "--out", output);

        assertThat(run.exitCode()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.get(4)).matches("model +ddm, 4 times +(50|100)\\.0 % +[0-9.]+ % +2 +1 +[0-9.]+");
        assertThat(lines.get(6)).isEqualTo("model: of equally likely choices the first was taken");
        assertThat(lines.getLast()).startsWith("causal - model: ");
        assertThat(json(output).path("models").path(1).path("ties").asInt()).isEqualTo(1);
    }

    @Test
    void answersAreGeneratedAndCompared() throws IOException {
        Path output = folder.resolve("eval.json");
        Path texts = folder.resolve("texts");
        Object[] match = {
            "--metric", "match", "--max-tokens", 24, "--steps", 4, "--out", output, "--predictions", texts, "--rows", 3
        };

        CommandRun run = eval(Stream.concat(Stream.of(model, model + ",mode=ar,name=causal"), Stream.of(match))
                .toArray());

        assertThat(run.exitCode()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.get(4)).matches("model +[0-9.]+ % +[0-9.]+ % +3( +[0-9.]+){4}");
        assertThat(lines.getLast()).isEqualTo("texts are in " + texts.resolve("causal/generated_predictions.jsonl"));
        assertThat(texts.resolve("model/generated_predictions.jsonl"))
                .content()
                .hasLineCount(3)
                .startsWith("{\"predict\": \"spell a")
                .contains("\"label\": \"spell aa a\"}");
        JsonNode first = json(output).path("models").path(0);
        assertThat(first.path("samples").asInt()).isEqualTo(3);
        assertThat(first.path("row_right").size()).isEqualTo(3);
        assertThat(first.path("tokens_per_forward").asDouble()).isPositive();
    }

    @Test
    void textsAreWrittenWithoutAPrompt() throws IOException {
        Path texts = folder.resolve("texts");
        Path output = folder.resolve("eval.json");
        Object[] arguments = {
            "eval",
            model,
            "--metric",
            "unconditional",
            "--rows",
            2,
            "--max-tokens",
            16,
            "--temperature",
            1,
            "--backend",
            "reference",
            "--predictions",
            texts,
            "--out",
            output
        };

        CommandRun run = CommandRun.of(arguments);

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines().toList().get(1)).startsWith("16 steps; reference");
        assertThat(texts.resolve("generated_predictions.jsonl"))
                .content()
                .hasLineCount(2)
                .contains("\"label\": \"\"}");
        assertThat(json(output).path("models").path(0).path("samples").asInt()).isEqualTo(2);
    }

    @Test
    void aMetricOfRowsNeedsRows() {
        assertThat(CommandRun.of("eval", model))
                .isEqualTo(new CommandRun(
                        2,
                        "",
                        "--data must name a file for every metric but unconditional, but is missing; add it"
                                + System.lineSeparator()));
    }

    @Test
    void whatIsWrongIsSaid() {
        refused("steps must be at least 1, not 0", model, "--steps", 0);
        refused("batch must be at least 1, not 0", model, "--batch", 0);
        refused("--rows must be at least 0, not -1", model, "--rows", -1);
        refused("MODEL must have a name of its own, but got 'model' twice; add ,name=TEXT", model, model);
        refused("mode must be diffusion or ar, not 'arr'", model + ",mode=arr");
        refused("shift must be true or false, not 'no'", model + ",shift=no");
        String form = "write DIR or DIR,adapter=DIR,mode=diffusion|ar,shift=true|false,"
                + "likelihood=ddm|llada|dream|ar_ftb|ar_btf,name=TEXT";
        refused(
                "MODEL: adaptor is not a key of ModelSettings, did you mean 'adapter'?; " + form
                        + " or a model key of a recipe, such as mask_token_id=811",
                model + ",adaptor=x");
        refused("MODEL: mask_token_id must be a whole number, but got 'x'", model + ",mask_token_id=x");
        refused(
                "MODEL must hold KEY=VALUE after a comma, but got 'ar'; write DIR or"
                        + " DIR,adapter=DIR,mode=diffusion|ar,shift=true|false,likelihood=ddm|llada|dream|ar_ftb|ar_btf,"
                        + "name=TEXT",
                model + ",ar");
        refused(
                "--adapter must go with one MODEL, but got 2; write MODEL,adapter=DIR for each that has one",
                model,
                model + ",name=b",
                "-a",
                "x");
        refused(
                "data.max_tokens: the model has positions for 48 tokens, but the longest row has 64; lower"
                        + " data.max_tokens",
                model,
                "--max-tokens",
                64,
                "--pad-as-target");
        rows = folder.resolve("missing.jsonl");
        refused(rows + ": no such file; name an existing data file", model);
    }

    private void refused(String message, Object... more) {
        assertThat(eval(more)).isEqualTo(new CommandRun(2, "", message + System.lineSeparator()));
    }
}
