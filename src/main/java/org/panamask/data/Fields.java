package org.panamask.data;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads the fields of a row.
final class Fields {
    private Fields() {}

    /// The text of field `name`; `absent` says what a missing or null field means.
    static String text(ObjectNode row, String name, Function<String, String> absent) throws RowException {
        JsonNode node = row.get(name);
        return node == null || node.isNull() ? absent.apply(name) : text(node, "field '" + name + "'");
    }

    /// The text of field `name`, which must be there.
    static String required(ObjectNode row, String name, String whatToDo) throws RowException {
        if (!row.hasNonNull(name)) {
            throw new RowException("field '" + name + "' is missing; " + whatToDo);
        }
        return text(row, name, Function.identity());
    }

    /// The text that `node` is; `what` names it.
    static String text(JsonNode node, String what) throws RowException {
        if (!node.isString()) {
            throw new RowException(what + " must be a text, but is " + shortened(node) + "; write it in quotes");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(node.stringValue())) {
            throw new RowException(what + " holds half of a surrogate pair; repair the text");
        }
        return node.stringValue();
    }

    /// The start of `node`, for messages.
    static String shortened(JsonNode node) {
        String text = node.toString();
        return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }
}
