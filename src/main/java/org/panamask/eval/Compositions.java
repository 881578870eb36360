package org.panamask.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.config.Require;
import org.panamask.data.DataException;
import org.panamask.data.Row;
import org.panamask.train.LoadedModel;

/// Lets models write without a prompt: column 0 holds the begin token, every other is generated.
///
/// @param count texts of each model
/// @param columns of each canvas, the begin token included
/// @param settings how texts are generated; without drawing all texts are the same
public record Compositions(int count, int columns, GenerationSettings settings) {
    /// Checks the ranges.
    ///
    /// @throws org.panamask.config.SettingException if there is no text or no column to fill
    public Compositions {
        Require.atLeast("rows", count, 1);
        Require.atLeast("max_tokens", columns, 2);
    }

    /// Lets `subject`, which has been opened as `loaded`, write; `progress` hears how far it has come.
    ///
    /// @throws DataException if the canvas is longer than the model allows
    public MatchResult of(Subject subject, LoadedModel loaded, Progress progress) {
        if (columns > loaded.model().maxPositions()) {
            throw new DataException("max_tokens: the model has positions for "
                    + loaded.model().maxPositions() + " tokens, but the canvas has " + columns
                    + "; lower max_tokens");
        }
        int[] ids = new int[columns];
        Arrays.fill(ids, loaded.special().mask());
        ids[0] = loaded.special().bos();
        List<Row> rows = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            rows.add(Row.of(ids, 1, columns, n));
        }
        Generator.Completed completed =
                new Generator(loaded, subject.method(), settings).complete(rows, Generator.Output.TEXT, progress);
        List<Prediction> texts = completed.rows().stream()
                .map(text -> new Prediction(loaded.tokenizer().decode(text, true), "", false))
                .toList();
        return new MatchResult(subject, texts, List.of(), completed.cost());
    }
}
