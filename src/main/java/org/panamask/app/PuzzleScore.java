package org.panamask.app;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.Generation;
import org.panamask.Panamask;
import org.panamask.backend.BackendSettings;
import org.panamask.data.Example;
import org.panamask.data.PlanningTask;
import org.panamask.data.RowIds;
import org.panamask.sampling.CausalDecoder;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// How many held-out puzzles a model solves whole, by the puzzle generator's own check.
final class PuzzleScore {
    /// Begin, 16 cells, separator, 16 cells, end.
    static final int CANVAS = 35;

    private static final int BATCH = 125;

    private PuzzleScore() {}

    /// How a puzzle is written.
    enum Alphabet {
        /// As the generator writes it.
        DIGITS,
        /// With `abcd` for `1234`.
        LETTERS;

        /// An example of digits in this alphabet.
        Example write(Example digits) {
            return switch (this) {
                case DIGITS -> digits;
                case LETTERS -> new Example(shift(digits.prompt(), '1', 'a'), shift(digits.response(), '1', 'a'));
            };
        }

        private String digits(String written) {
            return switch (this) {
                case DIGITS -> written;
                case LETTERS -> shift(written, 'a', '1');
            };
        }

        private static String shift(String text, char from, char to) {
            return text.chars()
                    .map(c -> c >= from && c < from + 4 ? c - from + to : c)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
        }
    }

    /// The share of `puzzles`, in digits, that a diffusion model solves when they are put to it in `alphabet`.
    static double diffusion(ModelSettings settings, List<Example> puzzles, Alphabet alphabet) {
        try (Panamask model = Panamask.open(settings, BackendSettings.defaults(), true)) {
            List<String> answers = new ArrayList<>();
            for (List<Example> some : batches(puzzles)) {
                List<String> prompts =
                        some.stream().map(alphabet::write).map(Example::prompt).toList();
                model.generate(prompts, sampling(), SamplerListener.NONE).stream()
                        .map(Generation::text)
                        .forEach(answers::add);
            }
            return solved(puzzles, answers, alphabet);
        }
    }

    /// How puzzles are unmasked.
    static DdmSettings sampling() {
        return DdmSettings.defaults().with("steps", 16).with("length", CANVAS);
    }

    /// The share of `puzzles` that a causal model solves, writing from left to right.
    static double causal(ModelSettings settings, List<Example> puzzles) {
        try (Panamask model = Panamask.open(settings, BackendSettings.defaults(), true)) {
            LoadedModel loaded = model.loaded();
            RowIds special = loaded.special();
            CausalDecoder decoder = new CausalDecoder(
                    loaded.model(),
                    new BackendPasses(loaded.backend(), loaded.precision()),
                    List.of(special.eos()),
                    special.pad());
            List<String> answers = new ArrayList<>();
            for (List<Example> some : batches(puzzles)) {
                int[][] rows = some.stream().map(one -> row(loaded, one)).toArray(int[][]::new);
                int[] prompts = new int[rows.length];
                Arrays.fill(prompts, 18);
                for (int[] ids : decoder.decode(rows, prompts).ids()) {
                    answers.add(loaded.tokenizer().decode(Arrays.copyOfRange(ids, 18, 34), true));
                }
            }
            return solved(puzzles, answers, Alphabet.DIGITS);
        }
    }

    private static int[] row(LoadedModel loaded, Example puzzle) {
        int[] prompt = loaded.tokenizer().encode(puzzle.prompt());
        int[] ids = new int[CANVAS];
        Arrays.fill(ids, loaded.special().pad());
        ids[0] = loaded.special().bos();
        System.arraycopy(prompt, 0, ids, 1, prompt.length);
        ids[prompt.length + 1] = loaded.special().sep();
        return ids;
    }

    private static List<List<Example>> batches(List<Example> puzzles) {
        List<List<Example>> batches = new ArrayList<>();
        for (int from = 0; from < puzzles.size(); from += BATCH) {
            batches.add(puzzles.subList(from, Math.min(puzzles.size(), from + BATCH)));
        }
        return batches;
    }

    private static double solved(List<Example> puzzles, List<String> answers, Alphabet alphabet) {
        int solved = 0;
        for (int i = 0; i < puzzles.size(); i++) {
            if (PlanningTask.SUDOKU4_TEST.check(puzzles.get(i).prompt(), alphabet.digits(answers.get(i)))) {
                solved++;
            }
        }
        return (double) solved / puzzles.size();
    }
}
