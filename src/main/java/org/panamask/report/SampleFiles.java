package org.panamask.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/// `samples/000200.txt`: prompt, masked canvas and answer of each sample, one file for all samples of a step.
public final class SampleFiles implements TrainingListener {
    private final Path folder;

    private SampleFiles(Path folder) {
        this.folder = folder;
    }

    /// Writes into the folder `samples` of `output`, which is made with the first sample.
    public static SampleFiles in(Path output) {
        return new SampleFiles(output.resolve("samples"));
    }

    @Override
    public void sampled(SampleReport report) {
        Path file = folder.resolve(String.format(Locale.ROOT, "%06d.txt", report.step()));
        String text = "prompt:    %s%nmasked:    %s%ngenerated: %s%n%n"
                .formatted(report.prompt(), report.masked(), report.generated());
        try {
            Files.createDirectories(folder);
            Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("report: " + file + " could not be written", e);
        }
    }
}
