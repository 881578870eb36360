package org.panamask.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A family of golden cases. Most have `index.json`, `cases`, `models` and `adapters`; the family `samplers` has files
/// that each hold all cases of a kind.
///
/// @param path the family's folder, such as `ddm`
public record FixtureFolder(Path path) {
    private static final String INDEX = "index.json";
    private static final String JSON = ".json";

    /// The families below `root`: its folders that hold an `index.json` or files of cases, by name.
    ///
    /// @throws FixtureException if there is none
    public static List<FixtureFolder> families(Path root) {
        try (Stream<Path> entries = Files.list(root)) {
            List<FixtureFolder> families = entries.filter(Files::isDirectory)
                    .filter(entry -> !caseFiles(entry).isEmpty())
                    .sorted()
                    .map(FixtureFolder::new)
                    .toList();
            if (families.isEmpty()) {
                throw new FixtureException(root + ": a folder of golden cases holds family folders with an " + INDEX
                        + " or files of cases, but there is none; give the folder above them");
            }
            return families;
        } catch (IOException e) {
            throw new FixtureException(root + ": the folder of golden cases must be readable, but got " + e, e);
        }
    }

    /// The family's name.
    public String name() {
        return String.valueOf(path.getFileName());
    }

    /// All cases, in the order of the index or of the files.
    ///
    /// @throws FixtureException if a file cannot be read
    public List<GoldenCase> cases() {
        List<GoldenCase> cases = new ArrayList<>();
        Path index = path.resolve(INDEX);
        if (Files.isRegularFile(index)) {
            for (JsonNode entry : json(index).path("cases")) {
                cases.add(FixtureCase.of(
                        path, json(path.resolve(entry.path("file").asString()))));
            }
            return cases;
        }
        for (Path file : caseFiles(path)) {
            cases.addAll(SamplerCase.of(file, json(file)));
        }
        return cases;
    }

    private static List<Path> caseFiles(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.toString().endsWith(JSON))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new FixtureException(folder + ": a family of golden cases must be readable, but got " + e, e);
        }
    }

    private static JsonNode json(Path file) {
        try {
            return JsonMapper.builder().build().readTree(Files.readString(file));
        } catch (IOException | JacksonException e) {
            throw new FixtureException(file + ": a golden case must be readable JSON, but got " + e.getMessage(), e);
        }
    }
}
