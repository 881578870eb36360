package org.panamask.eval;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.panamask.ToyModel;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.DataSettings;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

/// The toy model, opened on the reference backend.
///
/// @param folder where it lies, and where tests put their files
/// @param backend computes
/// @param loaded the model
record Toy(Path folder, Backend backend, LoadedModel loaded) implements AutoCloseable {
    static Toy open(Path folder) throws IOException {
        ToyModel.write(folder.resolve("model"));
        Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
        return new Toy(
                folder, backend, subject(folder, new Method.Diffusion(true)).open(backend, Precision.F32));
    }

    /// The rows of `file`, cut at `maxTokens`, without padding.
    static EvaluationData data(Path file, EvaluationData.Form form, int maxTokens) {
        return new EvaluationData(
                DataSettings.of(file).with("max_tokens", maxTokens).with("pad_as_target", false), form);
    }

    Subject subject(Method method) {
        return subject(folder, method);
    }

    private static Subject subject(Path folder, Method method) {
        return new Subject("toy", ModelSettings.of(folder.resolve("model")), method);
    }

    Path file(String lines) throws IOException {
        return Files.writeString(folder.resolve("rows.jsonl"), lines);
    }

    @Override
    public void close() {
        loaded.close();
        backend.close();
    }
}
