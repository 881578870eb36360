package org.panamask.train;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.panamask.data.Batch;
import org.panamask.data.DataException;
import org.panamask.data.DataSettings;
import org.panamask.data.Pack;
import org.panamask.data.PackedBatch;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.data.Split;
import org.panamask.data.TokenizedDataset;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.AttentionMask;
import org.panamask.text.Tokenizer;

/// The rows of a run.
///
/// @param training rows to learn from, several together where they are packed
/// @param validation rows to validate with; may be empty
/// @param special the special ids they were made with
/// @param warnings what a person should know of the data, a sentence each
public record TrainingData(List<Pack> training, List<Row> validation, RowIds special, List<String> warnings) {
    /// Copies the lists.
    public TrainingData {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
        warnings = List.copyOf(warnings);
    }

    /// Reads, tokenises, splits and packs what `recipe` names.
    ///
    /// @param recipe its data, objective and seed
    /// @param tokenizer of the model
    /// @param given the special ids of the rows; where the objective fills rows with end tokens, no others do
    /// @param progress told how far tokenisation is
    /// @return the rows
    /// @throws DataException if a file is missing, empty or not of its form
    public static TrainingData read(
            Recipe recipe, Tokenizer tokenizer, RowIds given, TokenizedDataset.Progress progress) {
        RowIds special = fillsWithEnd(recipe.objective()) ? given.filledWithEnd() : given;
        DataSettings settings = recipe.data();
        int workers = settings.workers() > 0
                ? settings.workers()
                : Runtime.getRuntime().availableProcessors();
        TrainingRows rows = new TrainingRows(
                recipe, special, new TokenizedDataset.Tokenization(tokenizer::encode, workers, progress));
        List<Row> training = rows.training().rows();
        Optional<TokenizedDataset> validation = rows.validation();
        Split<Row> split = validation.isPresent()
                ? new Split<>(training, validation.get().rows())
                : Split.of(
                        training,
                        settings.valSize(),
                        settings.valSplit(),
                        recipe.train().seed());
        List<Pack> packs = settings.packing()
                ? Pack.greedy(split.training(), settings.maxTokens())
                : Pack.single(split.training());
        return new TrainingData(packs, split.validation(), special, rows.warnings());
    }

    private static boolean fillsWithEnd(Objective objective) {
        return switch (objective) {
            case LladaObjective _, DreamObjective _, MdlmObjective _ -> true;
            case Objective.DdmSft _, Objective.Ddm _, Objective.Mgdm _, Objective.Autoregressive _ -> false;
        };
    }

    /// Checks that a model can take every row.
    ///
    /// @param positions the tokens of its longest row
    /// @param vocabularySize the number of ids it knows
    /// @throws DataException if a row is longer, or holds another id
    public void requireFit(int positions, int vocabularySize) {
        int longest = rows().mapToInt(row -> row.ids().length).max().orElse(0);
        if (longest > positions) {
            throw new DataException("data.max_tokens: the model has positions for " + positions
                    + " tokens, but the longest row has " + longest + "; lower data.max_tokens");
        }
        int largest = rows().flatMapToInt(row -> Arrays.stream(row.ids())).max().orElse(0);
        if (largest >= vocabularySize) {
            throw new DataException(
                    "data.train: the model knows " + vocabularySize + " token ids, but the tokenizer makes id "
                            + largest + " of the rows; use the model's own tokenizer");
        }
    }

    /// The columns of the widest batch: the tokens of the longest row or pack.
    public int columns() {
        IntStream packs = training.stream()
                .mapToInt(pack ->
                        pack.rows().stream().mapToInt(row -> row.ids().length).sum());
        IntStream rows = validation.stream().mapToInt(row -> row.ids().length);
        return IntStream.concat(packs, rows).max().orElse(0);
    }

    private Stream<Row> rows() {
        return Stream.concat(training.stream().flatMap(pack -> pack.rows().stream()), validation.stream());
    }

    /// The training rows or packs of `indices` side by side.
    public TokenRows batch(int... indices) {
        return batch(Arrays.stream(indices).mapToObj(training::get).toList());
    }

    /// The validation rows in batches of `size`.
    public List<TokenRows> validationBatches(int size) {
        return IntStream.iterate(0, from -> from < validation.size(), from -> from + size)
                .mapToObj(from -> single(validation.subList(from, Math.min(validation.size(), from + size))))
                .toList();
    }

    private TokenRows batch(List<Pack> packs) {
        if (packs.stream().allMatch(pack -> pack.rows().size() == 1)) {
            return single(packs.stream().map(pack -> pack.rows().getFirst()).toList());
        }
        PackedBatch batch = PackedBatch.of(packs, special.pad());
        return TokenRows.of(batch.size(), batch.columns(), batch.ids(), batch.maskable())
                .withSegments(batch.spans().stream()
                        .map(span -> new TokenRows.Segment(
                                span.first(), span.row().length(), span.row().index()))
                        .toList());
    }

    private TokenRows single(List<Row> rows) {
        Batch batch = Batch.of(rows, special.pad());
        TokenRows tokens = TokenRows.of(batch.size(), batch.columns(), batch.ids(), batch.maskable())
                .withSamples(batch.indices());
        if (rows.stream().allMatch(Row::isOpen)) {
            return tokens.withFilling(special.pad());
        }
        return batch.isFull()
                ? tokens
                : tokens.withVisible(new AttentionMask.Lengths(
                        Arrays.stream(batch.lengths()).boxed().toList()));
    }
}
