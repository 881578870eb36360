package org.panamask.train;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.panamask.data.Batch;
import org.panamask.data.DataException;
import org.panamask.data.DataSettings;
import org.panamask.data.DocumentRows;
import org.panamask.data.Documents;
import org.panamask.data.Example;
import org.panamask.data.Examples;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.data.RowStatistics;
import org.panamask.data.SftRows;
import org.panamask.data.Split;
import org.panamask.data.TokenizedDataset;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.AttentionMask;
import org.panamask.text.Tokenizer;

/// The rows of a run.
///
/// @param training rows to learn from
/// @param validation rows to validate with; may be empty
/// @param special the special ids they were made with
/// @param statistics what making the training rows did to the data
public record TrainingData(List<Row> training, List<Row> validation, RowIds special, RowStatistics statistics) {
    /// Copies the lists.
    public TrainingData {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
    }

    /// Reads, tokenises and splits what `settings` names.
    ///
    /// @throws DataException if a file is missing, empty or not of its form
    public static TrainingData read(DataSettings settings, Objective objective, Tokenizer tokenizer, RowIds special) {
        boolean documents = switch (objective) {
            case Objective.DdmSft _ -> false;
            case Objective.Ddm _ -> true;
            case Objective.Autoregressive ar -> ar.documents();
        };
        int workers = settings.workers() > 0
                ? settings.workers()
                : Runtime.getRuntime().availableProcessors();
        var tokenization = new TokenizedDataset.Tokenization(tokenizer::encode, workers, (_, _) -> {});
        Reader reader = documents
                ? (file, most) -> documents(file, most, settings, objective, special, tokenization)
                : (file, most) -> pairs(file, most, settings, special, tokenization);
        TokenizedDataset rows =
                reader.read(settings.train(), settings.maxSamples() > 0 ? settings.maxSamples() : Long.MAX_VALUE);
        Split<Row> split = settings.validation().isPresent()
                ? new Split<>(
                        rows.rows(),
                        reader.read(settings.validation().get(), Long.MAX_VALUE).rows())
                : Split.tail(rows.rows(), settings.valSize());
        return new TrainingData(split.training(), split.validation(), special, rows.statistics());
    }

    @FunctionalInterface
    private interface Reader {
        TokenizedDataset read(Path file, long most);
    }

    private static TokenizedDataset pairs(
            Path file, long most, DataSettings settings, RowIds special, TokenizedDataset.Tokenization tokenization) {
        List<Example> examples = Examples.read(file, most);
        SftRows maker = SftRows.of(settings.maxTokens(), special, settings.padAsTarget());
        return TokenizedDataset.build(examples, maker, tokenization);
    }

    private static TokenizedDataset documents(
            Path file,
            long most,
            DataSettings settings,
            Objective objective,
            RowIds special,
            TokenizedDataset.Tokenization tokenization) {
        List<int[]> texts = TokenizedDataset.encode(Documents.read(file, most), tokenization);
        DocumentRows maker = DocumentRows.of(settings.maxTokens(), special.eos());
        boolean packing = !(objective instanceof Objective.Ddm ddm) || ddm.packing();
        List<Row> rows = packing ? maker.packed(texts) : maker.single(texts);
        if (rows.isEmpty()) {
            throw new DataException(file + ": its documents do not fill one row of " + settings.maxTokens()
                    + " tokens; lower data.max_tokens or set objective.packing: false");
        }
        return new TokenizedDataset(rows, maker.statistics(rows, texts, special.mask()));
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

    private Stream<Row> rows() {
        return Stream.concat(training.stream(), validation.stream());
    }

    /// The training rows of `indices` side by side.
    public TokenRows batch(int... indices) {
        return batch(Arrays.stream(indices).mapToObj(training::get).toList());
    }

    /// The validation rows in batches of `size`.
    public List<TokenRows> validationBatches(int size) {
        return IntStream.iterate(0, from -> from < validation.size(), from -> from + size)
                .mapToObj(from -> batch(validation.subList(from, Math.min(validation.size(), from + size))))
                .toList();
    }

    private TokenRows batch(List<Row> rows) {
        Batch batch = Batch.of(rows, special.pad());
        TokenRows tokens = TokenRows.of(batch.size(), batch.columns(), batch.ids(), batch.maskable())
                .withSamples(batch.indices());
        return batch.isFull()
                ? tokens
                : tokens.withVisible(new AttentionMask.Lengths(
                        Arrays.stream(batch.lengths()).boxed().toList()));
    }
}
