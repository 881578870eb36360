package org.panamask.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The tensors of an adapter under Hugging Face names.
///
/// @param modules A and B by module path, such as `model.layers.0.self_attn.q_proj`
/// @param saved whole tensors by name, such as `model.embed_tokens.weight`
public record PeftWeights(Map<String, LoraPair> modules, Map<String, WeightSource> saved) {
    /// Keeps the order.
    public PeftWeights {
        modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
        saved = Collections.unmodifiableMap(new LinkedHashMap<>(saved));
    }
}
