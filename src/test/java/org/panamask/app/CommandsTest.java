package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import org.panamask.data.Examples;
import org.panamask.data.PlanningTask;
import org.panamask.train.Presets;
import org.panamask.train.RecipeReader;

/// The commands, as a person types them.
final class CommandsTest {
    @TempDir
    private Path folder;

    private Path model;

    @BeforeEach
    void writeTheModel() throws IOException {
        model = ToyModel.write(folder.resolve("model"));
    }

    private CommandRun generate(Object... more) {
        Object[] arguments = {"generate", "-m", model, "-p", "spell a", "--length", 24, "--steps", 4};
        return CommandRun.of(
                Stream.concat(Stream.of(arguments), Stream.of(more)).toArray());
    }

    private CommandRun train(String settings, String... overrides) throws IOException {
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        Path recipe = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), settings);
        return CommandRun.of(
                Stream.concat(Stream.of("train", recipe), Stream.of(overrides)).toArray());
    }

    @Test
    void trainFillsTheOutputFolder() throws IOException {
        CommandRun run = train(
                "train: {max_steps: 4, log_every: 1, eval_every: 2, sample_every: 2, save_every: 2}\n",
                "data.val_size=4",
                "train.learning_rate=1e-3");

        Path output = folder.resolve("run");
        assertThat(run)
                .isEqualTo(new CommandRun(
                        0,
                        "",
                        "training 1,024 of 6,736 parameters (15.20 %)" + System.lineSeparator()
                                + "done after 4 steps, saved the adapter to " + output + System.lineSeparator()));
        assertThat(names(output))
                .containsOnly(
                        "adapter_config.json",
                        "adapter_model.safetensors",
                        "checkpoint-000002",
                        "environment.json",
                        "latest",
                        "events.out.tfevents.panamask",
                        "loss.svg",
                        "metrics.jsonl",
                        "recipe.yaml",
                        "samples",
                        "tokenizer.json");
        assertThat(names(output.resolve("samples"))).containsOnly("000002.txt", "000004.txt");
        assertThat(output.resolve("samples/000002.txt"))
                .content()
                .startsWith("prompt:    spell ")
                .contains("masked:    ", "generated: ");
        assertThat(names(output.resolve("checkpoint-000002")))
                .containsOnly("adapter_config.json", "adapter_model.safetensors", "tokenizer.json");
        assertThat(Files.readAllLines(output.resolve("metrics.jsonl")))
                .hasSize(6)
                .allSatisfy(line -> assertThat(line).startsWith("{\"step\": ").contains("\"time\": "))
                .filteredOn(line -> line.contains("train/loss"))
                .hasSize(4)
                .allSatisfy(line -> assertThat(line)
                        .contains(
                                "train/ce_loss",
                                "train/accuracy",
                                "train/mask_ratio",
                                "train/grad_norm",
                                "train/learning_rate",
                                "train/tokens_per_second"));
        assertThat(output.resolve("loss.svg")).content().startsWith("<svg");
        assertThat(output.resolve("environment.json")).content().contains("\"java\"", "\"backend\": \"cpu\"", "oneDNN");
        assertThat(RecipeReader.read(output.resolve("recipe.yaml"), List.of()))
                .isEqualTo(RecipeReader.read(
                        folder.resolve("recipe.yaml"),
                        List.of("data.val_size=4", "train.learning_rate=1e-3", "objective.shift=true")));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString().replaceFirst("tfevents\\.\\d+", "tfevents"))
                    .toList();
        }
    }

    @Test
    void trainKeepsTheResultOfAnEarlierRun() throws IOException {
        assertThat(train("train: {max_steps: 1}\n").exitCode()).isZero();

        assertThat(train("train: {max_steps: 2}\n"))
                .isEqualTo(new CommandRun(
                        2,
                        "",
                        "output: " + folder.resolve("run") + " must not hold the result of an earlier run, but has"
                                + " adapter_model.safetensors; name another folder, move it away, or set"
                                + " train.overwrite_output: true" + System.lineSeparator()));
    }

    @Test
    void aMergedFolderGeneratesWhatModelAndAdapterDo() throws IOException {
        assertThat(train("train: {max_steps: 12, learning_rate: 0.05}\n", "lora.modules_to_save=[embed_tokens]")
                        .exitCode())
                .isZero();
        String beside = generate("-a", folder.resolve("run")).out();
        assertThat(beside).isNotEqualTo(generate().out());
        Path out = folder.resolve("merged");

        CommandRun run = CommandRun.of("merge", model, "-a", folder.resolve("run"), "--out", out);

        assertThat(run)
                .isEqualTo(new CommandRun(
                        0, "", "merged 1 adapter into " + out + ", with tokenizer.json" + System.lineSeparator()));
        assertThat(CommandRun.of("generate", "-m", out, "-p", "spell a", "--length", 24, "--steps", 4)
                        .out())
                .isEqualTo(beside);
        assertThat(CommandRun.of("merge", model, "-a", folder.resolve("run"), "--out", out))
                .isEqualTo(new CommandRun(
                        2,
                        "",
                        "merge: " + out + " must be a new or an empty folder, but there is something; name another"
                                + " folder" + System.lineSeparator()));
    }

    @Test
    void generateAnswersAndSaysWhatItCost() {
        CommandRun run = generate();

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).hasLineCount(1);
        assertThat(run.err())
                .matches("15 tokens in 4 forward passes \\(3\\.8 a pass\\), [0-9.]+ s, [0-9.]+ tokens/s\\R");
        assertThat(generate().out()).isEqualTo(run.out());
        assertThat(generate("--backend", "reference").out()).isEqualTo(run.out());
    }

    @Test
    void generateShowsTheUnmaskingUpToTheSameAnswer() {
        List<String> lines = generate("--show-steps").out().lines().toList();

        assertThat(lines).hasSizeGreaterThan(2);
        assertThat(lines.getFirst()).isEqualTo("  0/4   15 masked | spell a" + "_".repeat(15));
        assertThat(lines.get(lines.size() - 2))
                .startsWith("  4/4    0 masked | spell a")
                .doesNotContain("_");
        assertThat(lines.getLast() + System.lineSeparator())
                .isEqualTo(generate().out());
    }

    @Test
    void generateTakesSeedAndTemperature() {
        String first = generate("--temperature", 2, "--seed", 1).out();

        assertThat(generate("--temperature", 2, "--seed", 1).out()).isEqualTo(first);
        assertThat(generate("--temperature", 2, "--seed", 2).out()).isNotEqualTo(first);
    }

    @Test
    void generateUsesTheAdapterOfARun() throws IOException {
        assertThat(train("train: {max_steps: 8, learning_rate: 0.1}\n").exitCode())
                .isZero();

        CommandRun adapted = generate("-a", folder.resolve("run"));

        assertThat(adapted.exitCode()).isZero();
        assertThat(adapted.out()).isNotEqualTo(generate().out());
    }

    @Test
    void infillKeepsWhatStandsAroundTheGap() {
        CommandRun run = CommandRun.of(
                "infill", "-m", model, "--prefix", "spell ", "--suffix", " it", "--tokens", 5, "--show-steps");

        assertThat(run.exitCode()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.getFirst()).isEqualTo("  0/64    5 masked | spell _____ it");
        assertThat(lines.getLast()).startsWith("spell ").endsWith(" it");
        assertThat(run.err()).startsWith("5 tokens in ");
    }

    @Test
    void puzzlesAreTheSameForTheSameSeed() {
        Path file = folder.resolve("new/puzzles.jsonl");
        CommandRun run = CommandRun.of("puzzles", "sudoku4-train", "--rows", 3, "--seed", 7, "-o", file);

        assertThat(run).isEqualTo(new CommandRun(0, "3 rows in " + file + System.lineSeparator(), ""));
        assertThat(Examples.read(file, 9)).isEqualTo(PlanningTask.SUDOKU4_TRAIN.make(7, 3));
    }

    @Test
    void recipeExplainsKeysAndPrintsPresets() {
        CommandRun keys = CommandRun.of("recipe", "train.learning_rate");
        assertThat(keys.exitCode()).isZero();
        assertThat(keys.out()).isEqualTo("""
                        train.learning_rate            a number     highest learning rate, above 0
                                                                    default: 5e-5
                        """);
        assertThat(CommandRun.of("recipe").out()).contains("model.path", "lora.rank", "output");
        assertThat(CommandRun.of("recipe", "--schema").out()).startsWith("{");
        for (String preset : Presets.names()) {
            assertThat(CommandRun.of("recipe", "--preset", preset))
                    .isEqualTo(new CommandRun(0, Presets.text(preset), ""));
        }
    }

    @Test
    void presetsAreListedWithTheirTitles() {
        CommandRun run = CommandRun.of("recipe", "--preset");
        assertThat(run.out())
                .hasLineCount(Presets.names().size())
                .contains("diffugpt-small-adapt   Turns GPT-2 (small) into a diffusion model on packed documents");
    }

    @Test
    void aFlatRecipeGoesToStandardOutputAndItsLossesToStandardError() throws IOException {
        Path flat = Files.writeString(folder.resolve("flat.yaml"), """
                model_name_or_path: m
                stage: ddm-sft
                dataset: a,b
                output_dir: out
                deepspeed: zero3.json
                """);
        CommandRun run = CommandRun.of("recipe", "--from", flat);
        assertThat(run.exitCode()).isZero();
        assertThat(RecipeReader.parse(run.out(), "again", folder).data().dataset())
                .containsExactly("a", "b");
        assertThat(run.err())
                .startsWith("flat.yaml:5: deepspeed: accepted with a warning: several processes share the"
                        + " optimizer's state under ranks.optimizer: sharded\n");
        Files.writeString(flat, "quantization_bit: 4\n", StandardOpenOption.APPEND);
        CommandRun refused = CommandRun.of("recipe", "--from", flat);
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.out()).isEqualTo(run.out());
        assertThat(refused.err())
                .contains("flat.yaml:6: quantization_bit: refused: weights are f32, bf16 or f16, not quantised\n");
        assertThat(CommandRun.of("recipe", "--from-table").out()).startsWith("# Recipes of LLaMA-Factory\n");
    }

    @Test
    void doctorNamesWhatIsThere() {
        CommandRun run = CommandRun.of("doctor");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("jdk              " + Runtime.version())
                .contains("native access    enabled")
                .contains("library        oneDNN 3.", "instruction set ", "threads        ")
                .contains("computes f32   yes", "computes f64   no: backend cpu: it computes in f32, bf16 and fp8 only")
                .contains("cuda             ", "  nvrtc          ");
    }

    @Test
    void wrongUsageEndsWithTwoAndSaysWhatWasMeant() {
        wrong("Missing required subcommand");
        wrong("Unmatched argument at index 0: 'trian'", "trian");
        wrong("Missing required parameter: 'RECIPE'", "train");
        wrong("Missing required option: '--prompt=TEXT'", "generate", "-m", model);
        wrong("Unknown options: '--stpes', '4'", "generate", "-m", model, "-p", "x", "--stpes", 4);
        wrong("steps must be a whole number, but got 'four'", "generate", "-m", model, "-p", "x", "--steps", "four");
        wrong("steps must be at least 1, not 0", "generate", "-m", model, "-p", "x", "--steps", 0);
        wrong("recipe: there is no key 'trian', did you mean 'train'?", "recipe", "trian");
        wrong(
                "recipe: presets are [keyvalue-qa, keyvalue-pilot, diffullama-gsm-lora, diffugpt-gsm-full,"
                        + " diffugpt-medium-adapt, diffugpt-small-adapt, diffullama-adapt], but got 'keyvalue'",
                "recipe",
                "--preset",
                "keyvalue");
        wrong(
                "planning task: there is no 'chess'; name one of sudoku4, sudoku4-train, sudoku4-test, path, countdown3,"
                        + " countdown4",
                "puzzles",
                "chess",
                "-o",
                folder.resolve("puzzles.jsonl"));
        Path nowhere = folder.resolve("nowhere");
        wrong(
                "verify: " + nowhere + " must be a folder that holds families of golden cases such as ddm, but there is"
                        + " no such folder; name it, or start in the folder of the project",
                "verify",
                nowhere);
    }

    @Test
    void wrongUsageOfLongCommandsFitsOnAScreen() {
        assertThat(CommandRun.of("generate", "-m", model).err().lines())
                .containsExactly("Missing required option: '--prompt=TEXT'", "see panamask generate --help");
        assertThat(CommandRun.of("generate", "-m", model, "-p", "x", "--stpes", "4")
                        .err()
                        .lines())
                .hasSizeLessThan(5)
                .contains("see panamask generate --help");
        assertThat(CommandRun.of().err()).contains("Commands:", "  train ");
    }

    private static void wrong(String firstLine, Object... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines().findFirst()).contains(firstLine);
    }

    @Test
    void helpAndVersionEndWithZero() {
        assertThat(CommandRun.of("--version")).isEqualTo(new CommandRun(0, "panamask 0.1.0\n", ""));
        assertThat(CommandRun.of("train", "--help").out()).startsWith("Usage: panamask train ");
        for (String command : List.of("generate", "chat", "infill", "eval")) {
            String help = CommandRun.of(command, "--help").out();
            assertThat(help).startsWith("Usage: panamask " + command).contains("--steps");
            assertThat(help.lines()).as(command).hasSizeLessThan(75);
        }
    }
}
