package org.panamask.report;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;

/// `events.out.tfevents.*`: the numbers of each step and validation for TensorBoard, flushed at once.
public final class TensorBoardFile implements TrainingListener, AutoCloseable {
    private final Path file;
    private final OutputStream out;
    private final InstantSource clock;

    private TensorBoardFile(Path file, OutputStream out, InstantSource clock) {
        this.file = file;
        this.out = out;
        this.clock = clock;
    }

    /// Starts a new event file in `folder`, named by the time `clock` shows.
    ///
    /// @throws UncheckedIOException if it cannot be written
    public static TensorBoardFile create(Path folder, InstantSource clock) {
        Instant now = clock.instant();
        Path file = folder.resolve("events.out.tfevents." + now.getEpochSecond() + ".panamask");
        try {
            TensorBoardFile board = new TensorBoardFile(file, Files.newOutputStream(file), clock);
            board.write(TensorBoardRecord.version(now));
            return board;
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be created", e);
        }
    }

    @Override
    public void step(StepReport report) {
        scalars(report.step(), Metrics.of(report));
    }

    @Override
    public void evaluated(EvaluationReport report) {
        scalars(report.step(), Metrics.of(report));
    }

    @Override
    public void finished(RunSummary summary) {
        close();
    }

    /// Closes the file; closing it again does nothing.
    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be closed", e);
        }
    }

    private void scalars(long step, Map<String, Double> values) {
        write(TensorBoardRecord.scalars(clock.instant(), step, values));
    }

    private void write(byte[] event) {
        try {
            out.write(TensorBoardRecord.framed(event));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be written", e);
        }
    }
}
