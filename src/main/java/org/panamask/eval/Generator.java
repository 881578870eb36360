package org.panamask.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.sampling.CausalDecoder;
import org.panamask.sampling.Sampler;
import org.panamask.sampling.SamplerInput;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerResult;
import org.panamask.train.BackendPasses;
import org.panamask.train.LoadedModel;

/// Completes rows: their given columns stay, the others are generated.
final class Generator {
    private final LoadedModel loaded;
    private final Method method;
    private final GenerationSettings settings;

    Generator(LoadedModel loaded, Method method, GenerationSettings settings) {
        this.loaded = loaded;
        this.method = method;
        this.settings = settings;
    }

    /// What of a filled canvas is output.
    enum Output {
        /// Up to the first end or padding token.
        ANSWER,
        /// Everything but the padding at the end: texts that follow one another are parted by end tokens.
        TEXT
    }

    /// Completed rows and what they cost.
    ///
    /// @param rows the given columns of each, then the output
    /// @param cost of all together
    record Completed(List<int[]> rows, GenerationCost cost) {}

    /// Completes `rows`; `progress` hears after each batch how far it has come.
    Completed complete(List<Row> rows, Output output, Progress progress) {
        List<int[]> completed = new ArrayList<>();
        GenerationCost cost = GenerationCost.NONE;
        for (int from = 0; from < rows.size(); from += settings.batch()) {
            List<Row> some = rows.subList(from, Math.min(rows.size(), from + settings.batch()));
            long start = System.nanoTime();
            SamplerResult result = switch (method) {
                case Method.Diffusion(boolean shift, Estimator _) -> unmasked(some, shift);
                case Method.Autoregressive _ -> decoded(some);
            };
            double seconds = (System.nanoTime() - start) / 1e9;
            long tokens = 0;
            for (int b = 0; b < some.size(); b++) {
                int[] ids = result.ids().get(b);
                int given = some.get(b).sourceLength();
                int end = end(ids, given, output);
                completed.add(Arrays.copyOf(ids, end));
                tokens +=
                        end - given + (end < ids.length && ids[end] == special().eos() ? 1 : 0);
            }
            cost = cost.plus(new GenerationCost(some.size(), tokens, result.rowForwards(), result.forwards(), seconds));
            progress.at(completed.size(), rows.size());
        }
        return new Completed(completed, cost);
    }

    private int end(int[] ids, int from, Output output) {
        return switch (output) {
            case ANSWER -> {
                int end = from;
                while (end < ids.length
                        && ids[end] != special().eos()
                        && ids[end] != special().pad()) {
                    end++;
                }
                yield end;
            }
            case TEXT -> {
                int end = ids.length;
                while (end > from && ids[end - 1] == special().pad()) {
                    end--;
                }
                yield end;
            }
        };
    }

    private SamplerResult unmasked(List<Row> rows, boolean shift) {
        boolean[][] given = new boolean[rows.size()][];
        for (int b = 0; b < given.length; b++) {
            given[b] = new boolean[rows.get(b).length()];
            Arrays.fill(given[b], 0, rows.get(b).sourceLength(), true);
        }
        SamplerInput input = SamplerInput.of(canvases(rows), given)
                .withSamples(rows.stream().mapToLong(Row::index).toArray());
        return Sampler.of(loaded.model(), passes(), settings.sampler(), loaded.samplerTokens(), Alignment.of(shift))
                .sample(input, SamplerListener.NONE);
    }

    private SamplerResult decoded(List<Row> rows) {
        return new CausalDecoder(
                        loaded.model(),
                        passes(),
                        List.of(special().eos()),
                        special().pad())
                .decode(
                        canvases(rows),
                        rows.stream().mapToInt(Row::sourceLength).toArray());
    }

    /// The rows with a mask in each column to be filled.
    private int[][] canvases(List<Row> rows) {
        int[][] canvases = new int[rows.size()][];
        for (int b = 0; b < canvases.length; b++) {
            Row row = rows.get(b);
            canvases[b] = row.ids().clone();
            Arrays.fill(canvases[b], row.sourceLength(), row.length(), special().mask());
        }
        return canvases;
    }

    private BackendPasses passes() {
        return new BackendPasses(loaded.backend(), loaded.precision());
    }

    private RowIds special() {
        return loaded.special();
    }
}
