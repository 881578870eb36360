package org.panamask.model;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A `config.json` on its way out.
final class ConfigJson {
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final ObjectNode root = mapper.createObjectNode();

    private ConfigJson() {}

    /// One that begins with the class that Hugging Face reads it into, and the family.
    static ConfigJson of(String className, String type) {
        ConfigJson json = new ConfigJson();
        json.root.putArray("architectures").add(className);
        json.root.put("model_type", type);
        return json;
    }

    /// Takes the keys of the family.
    ObjectNode root() {
        return root;
    }

    /// The text with the keys that every family has.
    String text(boolean tied, String dtype, SpecialIds special) {
        root.put("tie_word_embeddings", tied).put("torch_dtype", dtype);
        special.begin().ifPresent(id -> root.put("bos_token_id", id));
        special.pad().ifPresent(id -> root.put("pad_token_id", id));
        special.mask().ifPresent(id -> root.put("mask_token_id", id));
        if (special.end().size() == 1) {
            root.put("eos_token_id", special.end().getFirst());
        } else if (!special.end().isEmpty()) {
            ArrayNode ends = root.putArray("eos_token_id");
            special.end().forEach(ends::add);
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
