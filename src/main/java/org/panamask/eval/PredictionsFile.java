package org.panamask.eval;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/// `generated_predictions.jsonl`: an object a line with `predict` and `label`, in the order of the rows.
public final class PredictionsFile {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private PredictionsFile() {}

    /// Writes `predictions` into `folder`, which is made where it is missing; an earlier file is replaced.
    ///
    /// @return the file
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static Path write(Path folder, List<Prediction> predictions) {
        String lines = predictions.stream().map(PredictionsFile::line).collect(Collectors.joining());
        Path file = folder.resolve("generated_predictions.jsonl");
        TextFile.replace(file, lines);
        return file;
    }

    private static String line(Prediction prediction) {
        return "{\"predict\": " + MAPPER.writeValueAsString(prediction.predict()) + ", \"label\": "
                + MAPPER.writeValueAsString(prediction.label()) + "}\n";
    }
}
