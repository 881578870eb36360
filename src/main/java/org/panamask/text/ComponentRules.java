package org.panamask.text;

import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Refuses settings of normalizer, pre-tokenizer and decoder over which the native library (tokenizers 0.21.4) aborts
/// the process, and takes out those we never use: truncation, padding, post-processing.
final class ComponentRules {
    // Oniguruma gives up after 10,000,000 retries in one match, and the library aborts when it does.
    private static final int RETRIES = 9_000_000;
    private static final int MAX_CHARACTERS = 4_000_000; // already tens of seconds in native code
    private static final int MAX_GROWTH = 8;

    private final JsonFile file;
    private int ways = 1;
    private long growth = 1;

    private ComponentRules(JsonFile file) {
        this.file = file;
    }

    /// Checks `file`, strips what must stay off, and returns the most characters one text may have.
    static int apply(JsonFile file) {
        ObjectNode root = file.root();
        root.putNull("truncation");
        root.putNull("padding");
        root.putNull("post_processor");
        ComponentRules rules = new ComponentRules(file);
        for (String part : new String[] {"normalizer", "pre_tokenizer", "decoder"}) {
            JsonNode node = root.get(part);
            if (node != null) {
                rules.growth = 1;
                rules.check(node, part);
            }
        }
        return Math.min(MAX_CHARACTERS, RETRIES / rules.ways);
    }

    private void check(JsonNode node, String place) {
        if (node.isObject()) {
            component(node, place);
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                check(entry.getValue(), place + "." + entry.getKey());
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                check(node.get(i), place + "[" + i + "]");
            }
        }
    }

    private void component(JsonNode node, String place) {
        JsonNode regex = node.get("Regex");
        if (regex != null && regex.isString()) {
            ways = Math.max(ways, PatternRules.ways(regex.stringValue(), rule -> file.broken(place + ".Regex", rule)));
        }
        // By field, not by type: the library also accepts components that leave their type out.
        if (node.has("precompiled_charsmap")) {
            throw file.broken(
                    place,
                    "a Precompiled normalizer cannot be checked before native code runs it; "
                            + "use a tokenizer without one");
        }
        atLeastOne(node, place);
        stopsAtZero(node, place);
        if (node.has("pattern")) {
            growsLittle(node, place);
        }
    }

    private void atLeastOne(JsonNode node, String place) {
        if (node.has("length") && node.get("length").asInt(0) < 1) {
            throw file.broken(
                    place + ".length", "must be at least 1, but is " + node.get("length") + "; fetch the file again");
        }
    }

    private void stopsAtZero(JsonNode node, String place) {
        if (node.has("stop") && node.get("stop").asInt(-1) != 0) {
            throw file.broken(
                    place + ".stop",
                    "must be 0, but is " + node.get("stop") + "; use a tokenizer that strips at the start only");
        }
    }

    private void growsLittle(JsonNode node, String place) {
        growth *= Math.max(1, node.path("content").asString("").length());
        if (growth > MAX_GROWTH) {
            throw file.broken(
                    place + ".content",
                    "replacements must not make a text more than " + MAX_GROWTH
                            + " times longer; use a tokenizer with shorter ones");
        }
    }
}
