package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.panamask.FineTuning;
import org.panamask.Panamask;
import org.panamask.backend.BackendSettings;
import org.panamask.config.Require;
import org.panamask.data.Example;
import org.panamask.data.PlanningTask;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.report.ProgressLine;
import org.panamask.sampling.SamplerListener;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.TrainSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Trains, adapts and measures a small diffusion model on 4x4 Sudoku, from nothing to a table.
@Command(name = "quickstart", description = "Train a small model on 4x4 Sudoku, adapt it with LoRA, show what it does.")
final class QuickstartCommand implements Callable<Integer> {
    private static final int TRAINING_PUZZLES = 20_000;
    private static final long TRAINING_SEED = 1;
    private static final long HELD_OUT_SEED = 2;

    // Few puzzles are almost solved in training: the weight 1/t makes those the noisiest.
    private static final Objective.DdmSft OBJECTIVE =
            Objective.DdmSft.defaults().with("epsilon", 0.2);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-o", "--output"},
            defaultValue = "runs/quickstart",
            description = "folder for models and data; a number is added when it exists (default ${DEFAULT-VALUE})")
    private Path output = Path.of("");

    @Option(names = "--steps", defaultValue = "850", description = "optimizer steps (default ${DEFAULT-VALUE})")
    private int steps;

    @Option(names = "--lora-steps", defaultValue = "320", description = "steps with LoRA (default ${DEFAULT-VALUE})")
    private int loraSteps;

    @Option(
            names = "--puzzles",
            defaultValue = "500",
            description = "held-out puzzles that are scored, at least 1 (default ${DEFAULT-VALUE})")
    private int puzzles;

    /// Made by picocli.
    QuickstartCommand() {}

    @Override
    public Integer call() {
        Require.atLeast("--puzzles", puzzles, 1);
        long start = System.nanoTime();
        PrintWriter out = spec.commandLine().getOut();
        Path folder = free(output);
        Path base = folder.resolve("model");
        PuzzleModel.write(base);
        List<Example> training = PlanningTask.SUDOKU4_TRAIN.make(TRAINING_SEED, TRAINING_PUZZLES);
        List<Example> heldOut = PlanningTask.SUDOKU4_TEST.make(HELD_OUT_SEED, puzzles);
        Path digits = folder.resolve("sudoku4-train.jsonl");
        Path letters = folder.resolve("sudoku4-letters.jsonl");
        PlanningTask.write(digits, training);
        PlanningTask.write(
                letters,
                training.stream().map(PuzzleScore.Alphabet.LETTERS::write).toList());
        PlanningTask.write(folder.resolve("sudoku4-test.jsonl"), heldOut);

        say(out, "1/3  a diffusion model learns Sudoku from scratch (ddm-sft)");
        Recipe scratch = scratch(base, digits, folder.resolve("diffusion"));
        FineTuning.run(scratch, ProgressLine.standard());
        say(out, "2/3  its causal twin learns the same rows for as many steps (ar)");
        Recipe twin =
                scratch.with("objective", Objective.Autoregressive.defaults()).with("output", folder.resolve("causal"));
        FineTuning.run(twin, ProgressLine.standard());
        say(out, "3/3  the diffusion model learns the letters abcd (LoRA)");
        Recipe adapted = adapted(scratch.output(), letters, folder.resolve("letters"));
        FineTuning.run(adapted, ProgressLine.standard());

        ModelSettings model = ModelSettings.of(scratch.output());
        ModelSettings withLora = model.with("adapter", adapted.output());
        say(out, "");
        say(out, "whole puzzles solved, of %d held-out ones".formatted(heldOut.size()));
        row(out, "diffusion, digits", PuzzleScore.diffusion(model, heldOut, PuzzleScore.Alphabet.DIGITS));
        row(out, "causal twin, digits", PuzzleScore.causal(ModelSettings.of(twin.output()), heldOut));
        row(out, "diffusion, letters, before LoRA", letters(model, heldOut));
        row(out, "diffusion, letters, after LoRA", letters(withLora, heldOut));
        unmask(out, model, heldOut.getFirst(), folder.resolve("unmasking.svg"));
        say(
                out,
                "%nmodels, curves and data are in %s; %.0f s in all"
                        .formatted(folder, (System.nanoTime() - start) / 1e9));
        return 0;
    }

    private static double letters(ModelSettings model, List<Example> heldOut) {
        return PuzzleScore.diffusion(model, heldOut, PuzzleScore.Alphabet.LETTERS);
    }

    private Recipe scratch(Path base, Path rows, Path folder) {
        Recipe plain = Recipe.of(base, rows, folder);
        return plain.with("model", plain.model().with("init", ModelSettings.Init.RANDOM))
                .with("objective", OBJECTIVE)
                .with("data", plain.data().with("max_tokens", PuzzleScore.CANVAS))
                .with("train", training(steps, 2e-3));
    }

    private Recipe adapted(Path base, Path rows, Path folder) {
        Recipe plain = Recipe.of(base, rows, folder);
        LoraSettings lora = LoraSettings.defaults()
                .with("rank", 4)
                .with("alpha", 4.0)
                .with("targets", List.of("o_proj"))
                .with("modules_to_save", List.of("embed_tokens", "lm_head"));
        return plain.with("lora", lora)
                .with("objective", OBJECTIVE)
                .with("data", plain.data().with("max_tokens", PuzzleScore.CANVAS))
                .with("train", training(loraSteps, 2e-2));
    }

    private static TrainSettings training(int optimizerSteps, double rate) {
        return TrainSettings.defaults()
                .with("micro_batch", 32)
                .with("max_steps", optimizerSteps)
                .with("learning_rate", rate)
                .with("warmup_steps", 50)
                .with("weight_decay", 0.01);
    }

    private static Path free(Path wanted) {
        Path folder = wanted;
        for (int number = 2; Files.exists(folder); number++) {
            folder = wanted.resolveSibling(wanted.getFileName() + "-" + number);
        }
        return folder;
    }

    private static void unmask(PrintWriter out, ModelSettings settings, Example puzzle, Path picture) {
        say(out, "");
        say(out, "one of them, being unmasked (prompt, then answer; _ is masked)");
        try (Panamask model = Panamask.open(settings, BackendSettings.defaults(), true)) {
            SamplerListener printer = StepPrinter.of(true, model, out);
            PuzzlePicture board = new PuzzlePicture(model, puzzle.prompt());
            model.generate(List.of(puzzle.prompt()), PuzzleScore.sampling(), step -> {
                printer.changed(step);
                board.changed(step);
            });
            board.write(picture);
        }
    }

    private static void row(PrintWriter out, String what, double share) {
        say(out, "  %-34s %6.1f %%".formatted(what, 100 * share));
    }

    private static void say(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }
}
