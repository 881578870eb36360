package org.panamask.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.panamask.text.template.JinjaTemplate;

/// Chat templates that well-known models were trained with, for folders that carry none. They are written from the
/// published descriptions, with `{% generation %}` around the answers; tools have no place in them.
public enum TemplatePreset {
    /// LLaDA instruct models: headers as Llama 3 has them, the begin token in front.
    ///
    /// @see <a href="https://github.com/NVIDIA-NeMo/Automodel">NVIDIA-NeMo/Automodel,
    ///     examples/dllm_sft/llada_chat_template.jinja</a>
    LLADA("<|startoftext|>", "<|endoftext|>"),
    /// Dream instruct models: ChatML with a system text of their own.
    DREAM("<|beginoftext|>", "<|endoftext|>"),
    /// Llama 2 chat models; the system text stands within the first question.
    LLAMA2("<s>", "</s>"),
    /// Llama 3 instruct models.
    LLAMA3("<|begin_of_text|>", "<|eot_id|>"),
    /// Qwen 2.5 instruct models: ChatML with a system text of their own.
    QWEN25("<|endoftext|>", "<|im_end|>");

    private final String bos;
    private final String eos;

    TemplatePreset(String bos, String eos) {
        this.bos = bos;
        this.eos = eos;
    }

    /// The preset of the model type in a `config.json`, for the types that only come with one.
    public static Optional<TemplatePreset> ofFamily(String modelType) {
        return switch (modelType.toLowerCase(Locale.ROOT)) {
            case "llada" -> Optional.of(LLADA);
            case "dream" -> Optional.of(DREAM);
            default -> Optional.empty();
        };
    }

    /// The template with the special tokens `tokens`, named as in tokenizer files, before the preset's own.
    ModelTemplate template(Map<String, String> tokens) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("bos_token", bos, "eos_token", eos));
        all.putAll(tokens);
        return new ModelTemplate(JinjaTemplate.of(fileName(), source()), all);
    }

    private String fileName() {
        return name().toLowerCase(Locale.ROOT) + ".jinja";
    }

    private String source() {
        try (InputStream in = JinjaTemplate.class.getResourceAsStream(fileName())) {
            if (in == null) {
                throw new IllegalStateException("preset " + fileName() + " is not in the jar; build it again");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("preset " + fileName() + " could not be read", e);
        }
    }
}
