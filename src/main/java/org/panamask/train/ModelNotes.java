package org.panamask.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.panamask.data.DataException;
import org.panamask.text.ChatTemplate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What a run leaves beside its weights, in `panamask.json`, for whoever generates with them.
///
/// @param template how prompts were written
public record ModelNotes(Optional<ChatTemplate> template) {
    private static final String FILE = "panamask.json";
    private static final String TEMPLATE = "template";

    /// The notes in `folder`; without a file there is nothing to note.
    ///
    /// @throws DataException if the file does not hold notes
    public static ModelNotes read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return new ModelNotes(Optional.empty());
        }
        try {
            JsonNode name = JsonMapper.shared().readTree(Files.readString(file)).path(TEMPLATE);
            return new ModelNotes(name.isMissingNode() ? Optional.empty() : Optional.of(named(file, name)));
        } catch (IOException | JacksonException e) {
            throw new DataException(file + ": must be JSON such as {\"template\": \"llama2\"}; repair or delete it", e);
        }
    }

    private static ChatTemplate named(Path file, JsonNode name) {
        return Arrays.stream(ChatTemplate.values())
                .filter(template -> written(template).equals(name.asString("")))
                .findFirst()
                .orElseThrow(() -> new DataException(file + ": template must be one of "
                        + Arrays.stream(ChatTemplate.values())
                                .map(ModelNotes::written)
                                .toList()
                        + ", but is " + name + "; repair or delete the file"));
    }

    /// Writes the notes into `folder`, if there is anything to note.
    public void write(Path folder) {
        if (template.isEmpty()) {
            return;
        }
        ObjectNode notes = JsonMapper.shared().createObjectNode();
        notes.put(TEMPLATE, written(template.get()));
        try {
            Files.writeString(folder.resolve(FILE), notes.toPrettyString() + "\n");
        } catch (IOException failure) {
            throw new UncheckedIOException(folder.resolve(FILE) + ": could not be written", failure);
        }
    }

    private static String written(ChatTemplate template) {
        return template.name().toLowerCase(Locale.ROOT);
    }
}
