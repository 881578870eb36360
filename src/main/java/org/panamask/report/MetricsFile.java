package org.panamask.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// `metrics.jsonl`: one object a line for each step and each validation it is told of. Lines are appended, also to
/// those of an earlier part of the run, and flushed at once.
public final class MetricsFile implements TrainingListener, AutoCloseable {
    private final Path file;
    private final Writer writer;

    private MetricsFile(Path file, Writer writer) {
        this.file = file;
        this.writer = writer;
    }

    /// Opens `metrics.jsonl` in `folder` at its end.
    ///
    /// @throws UncheckedIOException if it cannot be opened
    public static MetricsFile open(Path folder) {
        Path file = folder.resolve("metrics.jsonl");
        try {
            return new MetricsFile(
                    file, Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be opened", e);
        }
    }

    @Override
    public void step(StepReport report) {
        append(report.step(), report.elapsed(), Metrics.of(report));
    }

    @Override
    public void evaluated(EvaluationReport report) {
        append(report.step(), report.elapsed(), Metrics.of(report));
    }

    @Override
    public void finished(RunSummary summary) {
        close();
    }

    /// Closes the file; closing it again does nothing.
    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be closed", e);
        }
    }

    private void append(long step, Duration elapsed, Map<String, Double> metrics) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("step", Long.toString(step));
        fields.put("time", JsonText.number(elapsed.toMillis() / 1e3));
        metrics.forEach((name, value) -> fields.put(name, JsonText.number(value)));
        String line = fields.entrySet().stream()
                .map(field -> JsonText.quoted(field.getKey()) + ": " + field.getValue())
                .collect(Collectors.joining(", ", "{", "}\n"));
        try {
            writer.write(line);
            writer.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be written", e);
        }
    }
}
