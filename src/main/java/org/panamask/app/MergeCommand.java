package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.panamask.model.FolderMerge;
import org.panamask.tensor.DType;
import org.panamask.train.ModelNotes;
import org.panamask.train.TokenizerFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Adds adapters to a model's weights and writes the result as a model folder.
@Command(name = "merge", description = "Write a model folder with adapters merged into the weights.")
final class MergeCommand implements Callable<Integer> {
    /// What weights are stored as.
    enum Stored {
        /// 32-bit floats.
        F32,
        /// 16-bit floats with the range of 32-bit ones.
        BF16,
        /// 16-bit floats.
        F16
    }

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "MODEL", description = "model folder in Hugging Face layout")
    private Path model = Path.of("");

    @Option(
            names = {"-a", "--adapter"},
            required = true,
            paramLabel = "DIR",
            description = "PEFT adapter folder; several in the order they were trained")
    private List<Path> adapters = List.of();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "the new folder")
    private Path out = Path.of("");

    @Option(
            names = "--dtype",
            description = "what weights are stored as: ${COMPLETION-CANDIDATES} (default: as in MODEL)")
    private Optional<Stored> dtype = Optional.empty();

    /// Made by picocli.
    MergeCommand() {}

    @Override
    public Integer call() {
        FolderMerge.write(model, adapters, out, dtype.map(MergeCommand::type));
        Path tokenizer = adapters.reversed().stream()
                .filter(adapter -> Files.exists(adapter.resolve("tokenizer.json")))
                .findFirst()
                .orElse(model);
        List<String> copied = TokenizerFiles.copy(tokenizer, out);
        ModelNotes.read(adapters.getLast()).write(out);
        PrintWriter err = spec.commandLine().getErr();
        err.println("merged " + adapters.size() + (adapters.size() == 1 ? " adapter" : " adapters") + " into " + out
                + (copied.isEmpty()
                        ? "; there were no tokenizer files to copy"
                        : ", with " + String.join(", ", copied)));
        err.flush();
        return 0;
    }

    private static DType type(Stored stored) {
        return switch (stored) {
            case F32 -> DType.F32;
            case BF16 -> DType.BF16;
            case F16 -> DType.F16;
        };
    }
}
