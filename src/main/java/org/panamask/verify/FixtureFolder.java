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

/// A family of golden cases: `index.json`, `cases`, `models` and `adapters`.
///
/// @param path the family's folder, such as `ddm`
public record FixtureFolder(Path path) {
    private static final String INDEX = "index.json";

    /// The families below `root`: its folders that hold an `index.json`, by name.
    ///
    /// @throws FixtureException if there is none
    public static List<FixtureFolder> families(Path root) {
        try (Stream<Path> entries = Files.list(root)) {
            List<FixtureFolder> families = entries.filter(entry -> Files.isRegularFile(entry.resolve(INDEX)))
                    .sorted()
                    .map(FixtureFolder::new)
                    .toList();
            if (families.isEmpty()) {
                throw new FixtureException(root + ": a folder of golden cases holds family folders with an " + INDEX
                        + ", but there is none; give the folder above them");
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

    /// All cases, in the order of the index.
    ///
    /// @throws FixtureException if a file cannot be read
    public List<FixtureCase> cases() {
        List<FixtureCase> cases = new ArrayList<>();
        for (JsonNode entry : json(path.resolve(INDEX)).path("cases")) {
            cases.add(FixtureCase.of(path, json(path.resolve(entry.path("file").asString()))));
        }
        return cases;
    }

    private static JsonNode json(Path file) {
        try {
            return JsonMapper.builder().build().readTree(Files.readString(file));
        } catch (IOException | JacksonException e) {
            throw new FixtureException(file + ": a golden case must be readable JSON, but got " + e.getMessage(), e);
        }
    }
}
