package org.panamask.checkpoint;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The settings in a `config.json` (or an object inside one), read by name and type. A key that is absent and one that
/// is null are the same.
public final class ModelConfig {
    private final String file;
    private final String prefix;
    private final ObjectNode json;

    private ModelConfig(String file, String prefix, ObjectNode json) {
        this.file = file;
        this.prefix = prefix;
        this.json = json;
    }

    /// Reads a file that holds one JSON object.
    ///
    /// @throws CheckpointException if it cannot be read, is not UTF-8 JSON, or has a key twice in an object
    public static ModelConfig read(Path file) {
        return new ModelConfig(Printable.name(file), "", JsonText.readObject(file));
    }

    /// Reads the text of one JSON object; `name` stands for the file in messages.
    ///
    /// @throws CheckpointException if it is not JSON, or has a key twice in an object
    public static ModelConfig parse(String name, String json) {
        return new ModelConfig(name, "", JsonText.object(name, json.getBytes(StandardCharsets.UTF_8)));
    }

    /// The last part of the path, as messages name this file.
    public String file() {
        return file;
    }

    /// The keys that are present, in the order of the file.
    public Set<String> keys() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(json.propertyNames()));
    }

    /// Whether `key` is present and not null.
    public boolean has(String key) {
        JsonNode node = json.path(key);
        return !node.isMissingNode() && !node.isNull();
    }

    /// The 32-bit whole number under `key`.
    ///
    /// @throws CheckpointException if it is missing or something else
    public int requireInt(String key) {
        return value(key, "a whole number", ModelConfig::isInt).intValue();
    }

    /// The 32-bit whole number under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public int intOr(String key, int absent) {
        return has(key) ? requireInt(key) : absent;
    }

    /// The number under `key`.
    ///
    /// @throws CheckpointException if it is missing or something else
    public double requireDouble(String key) {
        return value(key, "a finite number", node -> node.isNumber() && Double.isFinite(node.doubleValue()))
                .doubleValue();
    }

    /// The number under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public double doubleOr(String key, double absent) {
        return has(key) ? requireDouble(key) : absent;
    }

    /// The number above 0 under `key`.
    ///
    /// @throws CheckpointException if it is missing or something else
    public double requirePositive(String key) {
        double number = requireDouble(key);
        if (number <= 0) {
            throw refused(key, "above 0");
        }
        return number;
    }

    /// The number above 0 under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public double positiveOr(String key, double absent) {
        return has(key) ? requirePositive(key) : absent;
    }

    /// The number of at least 0 under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public double amountOr(String key, double absent) {
        double number = doubleOr(key, absent);
        if (number < 0) {
            throw refused(key, "at least 0");
        }
        return number;
    }

    /// The truth value under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public boolean booleanOr(String key, boolean absent) {
        return has(key) ? value(key, "true or false", JsonNode::isBoolean).booleanValue() : absent;
    }

    /// The text under `key`.
    ///
    /// @throws CheckpointException if it is missing or something else
    public String requireString(String key) {
        return value(key, "text", JsonNode::isString).stringValue();
    }

    /// The text under `key`, or `absent`.
    ///
    /// @throws CheckpointException if it is something else
    public String stringOr(String key, String absent) {
        return has(key) ? requireString(key) : absent;
    }

    /// One whole number or a list of them, as `eos_token_id` has; empty where the key is absent.
    ///
    /// @throws CheckpointException if it is something else
    public List<Integer> ints(String key) {
        List<Integer> numbers = new ArrayList<>();
        for (JsonNode node : oneOrMany(key)) {
            numbers.add(check(node, key, "a whole number or a list of them", ModelConfig::isInt)
                    .intValue());
        }
        return List.copyOf(numbers);
    }

    /// One text or a list of them; empty where the key is absent.
    ///
    /// @throws CheckpointException if it is something else
    public List<String> strings(String key) {
        List<String> texts = new ArrayList<>();
        for (JsonNode node : oneOrMany(key)) {
            texts.add(
                    check(node, key, "text or a list of it", JsonNode::isString).stringValue());
        }
        return List.copyOf(texts);
    }

    /// The object under `key`, such as `rope_scaling`; empty where the key is absent.
    ///
    /// @throws CheckpointException if it is something else
    public Optional<ModelConfig> object(String key) {
        return has(key) && value(key, "an object", JsonNode::isObject) instanceof ObjectNode object
                ? Optional.of(new ModelConfig(file, prefix + key + ".", object))
                : Optional.empty();
    }

    /// What to throw where `key` holds a value that its reader refuses: `rule` says what it must be.
    public CheckpointException refused(String key, String rule) {
        return new CheckpointException(file + ": " + prefix + Printable.of(key) + " must be " + rule + ", but got "
                + shown(json.path(key)) + "; correct the file or take another model");
    }

    boolean isList(String key) {
        return json.path(key).isArray();
    }

    String shown(String key) {
        return shown(json.path(key));
    }

    /// The keys other than `known` as a JSON object, sorted.
    String others(Set<String> known) {
        ObjectNode rest = JsonText.MAPPER.createObjectNode();
        json.propertyStream()
                .filter(entry -> !known.contains(entry.getKey()))
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> rest.set(entry.getKey(), entry.getValue()));
        return rest.toString();
    }

    private static boolean isInt(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt();
    }

    private JsonNode value(String key, String rule, Predicate<JsonNode> test) {
        if (!has(key)) {
            throw new CheckpointException(file + ": " + prefix + Printable.of(key) + " must be " + rule
                    + ", but it is missing; take the file that belongs to the weights");
        }
        return check(json.path(key), key, rule, test);
    }

    private JsonNode check(JsonNode node, String key, String rule, Predicate<JsonNode> test) {
        if (!test.test(node)) {
            throw refused(key, rule);
        }
        return node;
    }

    private Iterable<JsonNode> oneOrMany(String key) {
        if (!has(key)) {
            return List.of();
        }
        JsonNode node = json.path(key);
        return node.isArray() ? node : List.of(node);
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "nothing" : Printable.of(node.toString());
    }
}
