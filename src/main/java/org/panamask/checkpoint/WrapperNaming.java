package org.panamask.checkpoint;

/// Between the names of a Hugging Face model and those of the DiffuLLaMA wrapper around it, which splits the model into
/// `embed_tokens`, `denoise_model` and `lm_head`.
///
/// @param trunk what `denoise_model.` stands for: `model.` in Llama and Qwen2, `transformer.` in GPT-2
/// @param embedding what `embed_tokens.` stands for: `model.embed_tokens.` or `transformer.wte.`
public record WrapperNaming(String trunk, String embedding) {
    private static final String WRAPPED_TRUNK = "denoise_model.";
    private static final String WRAPPED_EMBEDDING = "embed_tokens.";

    /// The Hugging Face name of a tensor that has either name.
    public String toPlain(String name) {
        if (name.startsWith(WRAPPED_TRUNK)) {
            return trunk + name.substring(WRAPPED_TRUNK.length());
        }
        if (name.startsWith(WRAPPED_EMBEDDING)) {
            return embedding + name.substring(WRAPPED_EMBEDDING.length());
        }
        return name;
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
