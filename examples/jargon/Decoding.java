import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.Example;
import org.panamask.data.Examples;
import org.panamask.data.RowIds;
import org.panamask.sampling.CausalDecoder;
import org.panamask.sampling.DdmSampler;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// How long the same model takes for 128 tokens of an answer, from left to right and by unmasking. Prints a table.
final class Decoding {
    private static final int TOKENS = 128;
    private static final int QUESTIONS = 8;

    private Decoding() {}

    private interface Way {
        SamplerResult write(int[] row, int prompt);
    }

    /// Takes the causal model, the diffusion model, its adapter and the file of questions.
    public static void main(String[] arguments) {
        ModelSettings causal = ModelSettings.of(Path.of(arguments[0]));
        ModelSettings diffusion = ModelSettings.of(Path.of(arguments[1])).with("adapter", Path.of(arguments[2]));
        List<Example> questions = Examples.read(Path.of(arguments[3]), QUESTIONS);
        LoadedModel.Trained nothing = new LoadedModel.Trained.Nothing();
        try (Backend backend = Backends.open(BackendSettings.defaults());
                LoadedModel left = LoadedModel.open(backend, Precision.F32, causal, nothing);
                LoadedModel any = LoadedModel.open(backend, Precision.F32, diffusion, nothing)) {
            BackendPasses passes = new BackendPasses(backend, Precision.F32);
            RowIds special = left.special();
            // No token ends a row: every answer has all its tokens, in both ways.
            CausalDecoder decoder = new CausalDecoder(left.model(), passes, List.of(), special.pad());
            DdmSampler sampler = new DdmSampler(
                    any.model(), passes, DdmSampler.Rule.of(DdmSettings.defaults(), special.mask(), true));
            IO.println("| 128 tokens of an answer | forward passes | tokens a pass | seconds | tokens a second |");
            IO.println("|---|---|---|---|---|");
            time(
                    "left to right",
                    left,
                    questions,
                    (row, prompt) -> decoder.decode(new int[][] {row}, new int[] {prompt}));
            time("by unmasking, 64 steps", any, questions, (row, prompt) -> {
                boolean[] given = new boolean[row.length];
                Arrays.fill(given, 0, prompt, true);
                return sampler.sample(
                        SamplerInput.of(new int[][] {row}, new boolean[][] {given}), SamplerListener.NONE);
            });
        }
    }

    private static void time(String name, LoadedModel model, List<Example> questions, Way way) {
        double[] seconds = new double[questions.size()];
        int passes = 0;
        int tokens = 0;
        for (int round = -1; round < seconds.length; round++) {
            int[] row = row(model, questions.get(Math.max(0, round)));
            int prompt = row.length - TOKENS;
            long start = System.nanoTime();
            SamplerResult result = way.write(row, prompt);
            if (round >= 0) { // The first round only warms up.
                seconds[round] = (System.nanoTime() - start) / 1e9;
                passes += result.forwards();
                tokens += result.filled();
            }
        }
        double mean = Arrays.stream(seconds).average().orElseThrow();
        double squares =
                Arrays.stream(seconds).map(s -> (s - mean) * (s - mean)).sum();
        double error = Math.sqrt(squares / (seconds.length - 1) / seconds.length);
        IO.println("| %s | %d | %.2f | %.2f ± %.2f | %.0f |"
                .formatted(name, passes / seconds.length, (double) tokens / passes, mean, error, TOKENS / mean));
    }

    private static int[] row(LoadedModel model, Example question) {
        int[] prompt = model.tokenizer().encode(question.prompt());
        int[] row = new int[prompt.length + 2 + TOKENS];
        Arrays.fill(row, model.special().mask());
        row[0] = model.special().bos();
        System.arraycopy(prompt, 0, row, 1, prompt.length);
        row[prompt.length + 1] = model.special().sep();
        return row;
    }
}
