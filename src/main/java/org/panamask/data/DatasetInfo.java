package org.panamask.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The file that says what the data sets of a folder are. Source: LLaMA-Factory, data/parser.py.
///
/// @param file dataset_info.json
/// @param sets the data sets by name
record DatasetInfo(Path file, ObjectNode sets) {
    private static final List<String> REMOTE =
            List.of("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name");
    private static final List<String> KEYS = List.of(
            "file_name", "formatting", "columns", "tags", "num_samples", "split", "subset", "folder", "ranking");
    private static final List<String> ALPACA = List.of("prompt", "query", "response", "history", "system");
    private static final List<String> SHAREGPT = List.of("messages", "system");
    private static final Map<String, String> TAGS = Map.of(
            "role_tag", "from",
            "content_tag", "value",
            "user_tag", "human",
            "assistant_tag", "gpt",
            "observation_tag", "observation",
            "function_tag", "function_call",
            "system_tag", "system");

    /// A data set.
    ///
    /// @param files where its rows are, in order
    /// @param form how a row is a conversation
    /// @param named the fields that `columns` names, by role
    /// @param samples rows to draw; empty takes all in their order
    record Entry(List<Path> files, RowForm form, Map<String, String> named, OptionalInt samples) {}

    /// Reads the dataset_info.json of `folder`.
    ///
    /// @throws DataException if it is missing or not a JSON object
    static DatasetInfo read(Path folder) {
        Path file = folder.resolve("dataset_info.json");
        JsonNode sets = RowFile.open(file, in -> {
            try {
                return JsonMapper.shared().readTree(in);
            } catch (JacksonException e) {
                throw new DataException(file + ":" + e.getLocation().getLineNr() + ": must be JSON, but "
                        + JsonLines.reason(e) + "; repair it");
            }
        });
        if (!(sets instanceof ObjectNode object)) {
            throw new DataException(file + ": must be one JSON object with an entry for each data set");
        }
        return new DatasetInfo(file, object);
    }

    /// The data set called `name`.
    ///
    /// @throws DataException if there is none, or its entry asks for what is not there
    Entry entry(String name) {
        if (!(sets.get(name) instanceof ObjectNode entry)) {
            throw new DataException(
                    file + ": there is no dataset '" + name + "'; it has " + List.copyOf(sets.propertyNames()));
        }
        for (String key : entry.propertyNames()) {
            if (REMOTE.contains(key)) {
                throw refused(
                        name, "'" + key + "' would fetch rows from elsewhere; name a local file with 'file_name'");
            }
            if (!KEYS.contains(key)) {
                throw refused(name, "'" + key + "' is not known; known are " + KEYS);
            }
        }
        if (entry.path("ranking").asBoolean(false)) {
            throw refused(name, "'ranking' must be false, rankings are not learnt; take another data set");
        }
        if (!entry.path("split").asString("train").equals("train")) {
            throw refused(name, "'split' must be train, a file has no other; leave it out");
        }
        Map<String, String> named = texts(name, entry, "columns");
        return new Entry(files(name, entry), form(name, entry, named), named, samples(name, entry));
    }

    private DataException refused(String name, String rule) {
        return new DataException(file + ": dataset '" + name + "': " + rule);
    }

    private RowForm form(String name, ObjectNode entry, Map<String, String> named) {
        boolean defaults = !entry.has("columns");
        String formatting = entry.path("formatting").asString("alpaca");
        return switch (formatting) {
            case "alpaca" -> {
                requireKeys(name, "columns", named, ALPACA);
                yield new RowForm.Alpaca(
                        defaults
                                ? new RowForm.Alpaca.Columns(
                                        Optional.of("instruction"),
                                        Optional.of("input"),
                                        Optional.of("output"),
                                        Optional.empty(),
                                        Optional.empty())
                                : new RowForm.Alpaca.Columns(
                                        column(named, "prompt"),
                                        column(named, "query"),
                                        column(named, "response"),
                                        column(named, "history"),
                                        column(named, "system")),
                        false);
            }
            case "sharegpt" -> {
                requireKeys(name, "columns", named, SHAREGPT);
                if (!defaults && !named.containsKey("messages")) {
                    throw refused(name, "columns.messages must name the field of the messages, but is left out");
                }
                yield new RowForm.ShareGpt(
                        named.getOrDefault("messages", "conversations"), column(named, "system"), tags(name, entry));
            }
            default -> throw refused(name, "'formatting' must be alpaca or sharegpt, but got '" + formatting + "'");
        };
    }

    private RowForm.ShareGpt.Tags tags(String name, ObjectNode entry) {
        Map<String, String> tags = new LinkedHashMap<>(TAGS);
        Map<String, String> written = texts(name, entry, "tags");
        requireKeys(name, "tags", written, TAGS.keySet().stream().sorted().toList());
        tags.putAll(written);
        return new RowForm.ShareGpt.Tags(
                tags.getOrDefault("role_tag", ""),
                tags.getOrDefault("content_tag", ""),
                new RowForm.ShareGpt.Roles(
                        tags.getOrDefault("user_tag", ""),
                        tags.getOrDefault("assistant_tag", ""),
                        tags.getOrDefault("observation_tag", ""),
                        tags.getOrDefault("function_tag", ""),
                        tags.getOrDefault("system_tag", "")));
    }

    private static Optional<String> column(Map<String, String> named, String role) {
        return Optional.ofNullable(named.get(role));
    }

    private void requireKeys(String name, String group, Map<String, String> written, List<String> known) {
        for (String key : written.keySet()) {
            if (!known.contains(key)) {
                throw refused(name, group + "." + key + " is not taken; taken are " + known);
            }
        }
    }

    /// The texts of the group called `key`; null stands for none.
    private Map<String, String> texts(String name, ObjectNode entry, String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        JsonNode group = entry.path(key);
        if (!group.isMissingNode() && !group.isObject()) {
            throw refused(name, "'" + key + "' must be an object of names, but is " + Fields.shortened(group));
        }
        for (Map.Entry<String, JsonNode> field : group.properties()) {
            if (field.getValue().isString()) {
                texts.put(field.getKey(), field.getValue().stringValue());
            } else if (!field.getValue().isNull()) {
                throw refused(
                        name,
                        key + "." + field.getKey() + " must be a name, but is " + Fields.shortened(field.getValue()));
            }
        }
        return texts;
    }

    private OptionalInt samples(String name, ObjectNode entry) {
        JsonNode samples = entry.path("num_samples");
        if (samples.isMissingNode() || samples.isNull()) {
            return OptionalInt.empty();
        }
        if (!samples.canConvertToInt() || samples.intValue() < 1) {
            throw refused(name, "'num_samples' must be a whole number of at least 1, but is " + samples);
        }
        return OptionalInt.of(samples.intValue());
    }

    private List<Path> files(String name, ObjectNode entry) {
        if (!entry.path("file_name").isString()) {
            throw refused(name, "'file_name' must name a file or a folder of files");
        }
        Path path = file.resolveSibling(entry.get("file_name").stringValue());
        List<Path> files = Files.isDirectory(path) ? inFolder(path) : List.of(path);
        List<Optional<RowFile.Form>> forms =
                files.stream().map(RowFile.Form::of).distinct().toList();
        if (forms.size() != 1 || forms.getFirst().isEmpty()) {
            throw refused(
                    name,
                    path + " must be one file, or a folder of files, that all end in .json, .jsonl, .csv or .txt");
        }
        return files;
    }

    private static List<Path> inFolder(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new DataException(folder + ": cannot be listed, " + e.getMessage() + "; name a readable folder", e);
        }
    }
}
