package org.panamask;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.panamask.report.LoggedSteps;
import org.panamask.report.LossPicture;
import org.panamask.report.MetricsFile;
import org.panamask.report.SampleFiles;
import org.panamask.report.TensorBoardFile;
import org.panamask.report.TrainingListener;
import org.panamask.train.Recipe;
import org.panamask.train.RunFolder;

/// The output folder of a run and the files in it that grow while it trains.
///
/// @param folder the output folder
/// @param metrics a line a step
/// @param board the same for TensorBoard
/// @param listener hears of every step and tells all that log them
record RunOutput(RunFolder folder, MetricsFile metrics, TensorBoardFile board, TrainingListener listener)
        implements AutoCloseable {
    /// Makes the folder; `listener` hears of every logged step as well.
    ///
    /// @param report what the run computes with
    /// @throws org.panamask.data.DataException if the folder holds the result of an earlier run
    static RunOutput create(Recipe recipe, Map<String, String> report, TrainingListener listener) {
        RunFolder folder = RunFolder.create(recipe, report);
        String title = "Loss of " + folder.path().getFileName();
        MetricsFile metrics = MetricsFile.open(folder.path());
        try {
            TensorBoardFile board = TensorBoardFile.create(folder.path(), InstantSource.system());
            TrainingListener all = TrainingListener.all(List.of(
                    metrics,
                    board,
                    LossPicture.in(folder.path(), title, InstantSource.system()),
                    SampleFiles.in(folder.path()),
                    listener));
            return new RunOutput(
                    folder, metrics, board, LoggedSteps.of(recipe.train().logEvery(), all));
        } catch (RuntimeException | Error failure) {
            metrics.close();
            throw failure;
        }
    }

    @Override
    public void close() {
        try {
            board.close();
        } finally {
            metrics.close();
        }
    }
}
