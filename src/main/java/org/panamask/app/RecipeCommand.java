package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.panamask.train.FlatRecipe;
import org.panamask.train.Presets;
import org.panamask.train.RecipeReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Explains the keys of a recipe.
@Command(name = "recipe", description = "Explain recipe keys, or print a preset.")
final class RecipeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "KEY", description = "a key or group, such as train")
    private Optional<String> key = Optional.empty();

    @Option(
            names = "--preset",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "NAME",
            description = "print the recipe of a preset; without a name, list them")
    private Optional<String> preset = Optional.empty();

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description =
                    "print the nested recipe of a flat LLaMA-Factory file, and to standard error what it could not"
                            + " carry; exit code 2 if something was refused")
    private Optional<Path> flat = Optional.empty();

    @Option(names = "--from-table", description = "print what becomes of each key of a flat file, as a page")
    private boolean flatTable;

    @Option(names = "--schema", description = "print a JSON schema for editors")
    private boolean schema;

    @Option(names = "--markdown", description = "print every key as a page")
    private boolean markdown;

    /// Made by picocli.
    RecipeCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (flat.isPresent()) {
            return carry(flat.get(), out);
        }
        if (flatTable) {
            out.print(FlatRecipe.markdown());
        } else if (schema) {
            out.println(RecipeReference.jsonSchema());
        } else if (markdown) {
            out.print(RecipeReference.markdown());
        } else if (preset.isPresent()) {
            out.print(preset.get().isEmpty() ? presetList() : presetText(preset.get()));
        } else {
            List<RecipeReference.Row> rows = key.map(RecipeReference::rows).orElseGet(RecipeReference::rows);
            if (rows.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "recipe: there is no key '" + key.orElse("") + "'"
                                + RecipeReference.nearest(key.orElse(""))
                                        .map(near -> ", did you mean '" + near + "'?")
                                        .orElse(""));
            }
            for (RecipeReference.Row row : rows) {
                out.printf("%-30s %-12s %s%n", row.key(), row.type(), row.doc());
                if (!row.defaultText().isEmpty()) {
                    out.printf("%-30s %-12s default: %s%n", "", "", row.defaultText());
                }
            }
        }
        out.flush();
        return 0;
    }

    private int carry(Path file, PrintWriter out) {
        FlatRecipe carried = FlatRecipe.read(file);
        out.print(carried.text());
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
        carried.notes().forEach(err::println);
        err.flush();
        return carried.isWhole() ? 0 : 2;
    }

    private static String presetList() {
        return Presets.names().stream()
                .map(name -> String.format("%-22s %s%n", name, Presets.title(name)))
                .collect(Collectors.joining());
    }

    private String presetText(String name) {
        if (!Presets.names().contains(name)) {
            throw new ParameterException(
                    spec.commandLine(), "recipe: presets are " + Presets.names() + ", but got '" + name + "'");
        }
        return Presets.text(name);
    }
}
