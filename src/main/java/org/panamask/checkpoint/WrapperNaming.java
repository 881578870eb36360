package org.panamask.checkpoint;

import java.util.List;

/// Between the names of a Hugging Face model and those of the DiffuLLaMA wrapper around it, which splits the model into
/// `embed_tokens`, `denoise_model` and `lm_head`.
///
/// @param trunk what `denoise_model.` stands for: `model.` in Llama and Qwen2, `transformer.` in GPT-2
/// @param embedding what `embed_tokens.` stands for: `model.embed_tokens.` or `transformer.wte.`
/// @param bare how names begin in checkpoints that leave the trunk's own name out, such as `h.`
public record WrapperNaming(String trunk, String embedding, List<String> bare) {
    private static final String WRAPPED_TRUNK = "denoise_model.";
    private static final String WRAPPED_EMBEDDING = "embed_tokens.";

    /// Keeps a copy of the list.
    public WrapperNaming {
        bare = List.copyOf(bare);
    }

    /// Names of checkpoints that all have the trunk's name.
    public WrapperNaming(String trunk, String embedding) {
        this(trunk, embedding, List.of());
    }

    /// The Hugging Face name of a tensor that has any of the names.
    public String toPlain(String name) {
        if (name.startsWith(WRAPPED_TRUNK)) {
            return trunk + name.substring(WRAPPED_TRUNK.length());
        }
        if (name.startsWith(WRAPPED_EMBEDDING)) {
            return embedding + name.substring(WRAPPED_EMBEDDING.length());
        }
        return bare.stream().anyMatch(name::startsWith) ? trunk + name : name;
    }

    /// The wrapper's name of a tensor that has a Hugging Face name.
    public String toWrapper(String name) {
        if (name.startsWith(embedding)) {
            return WRAPPED_EMBEDDING + name.substring(embedding.length());
        }
        if (name.startsWith(trunk)) {
            return WRAPPED_TRUNK + name.substring(trunk.length());
        }
        return name;
    }

    /// A name as `modules_to_save` lists it, last part or whole path, in Hugging Face terms.
    String plainModule(String module) {
        String plain = toPlain(module + ".");
        plain = plain.substring(0, plain.length() - 1);
        return module.contains(".") ? plain : plain.substring(plain.lastIndexOf('.') + 1);
    }
}
