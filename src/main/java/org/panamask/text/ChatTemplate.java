package org.panamask.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// How a conversation is written as one text. The names and the texts are those of LLaMA-Factory's templates; none has
/// a system text of its own, a conversation brings it or goes without.
///
/// @see <a href="https://github.com/hiyouga/LLaMA-Factory">hiyouga/LLaMA-Factory, data/template.py</a>
public enum ChatTemplate implements PromptTemplate {
    /// Nothing around the contents.
    EMPTY("", "{content}", "{content}", "{content}"),
    /// `Human:` and `Assistant:`, an end token after each turn.
    DEFAULT("", "System: {content}{eos}\n", "Human: {content}{eos}\nAssistant:", "{content}{eos}\n"),
    /// The headings of Stanford Alpaca.
    ALPACA("", "{content}", "### Instruction:\n{content}\n\n### Response:\n", "{content}{eos}\n\n"),
    /// `USER:` and `ASSISTANT:` of Vicuna.
    VICUNA("", "{content}", "USER: {content} ASSISTANT:", "{content}{eos}"),
    /// ChatML.
    CHATML(
            "",
            "<|im_start|>system\n{content}<|im_end|>\n",
            "<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n",
            "{content}<|im_end|>\n"),
    /// Llama 2; the system text stands within the first question.
    LLAMA2("", "<<SYS>>\n{content}\n<</SYS>>\n\n", "{bos}[INST] {content} [/INST]", "{content}{eos}"),
    /// Llama 3.
    LLAMA3(
            "{bos}",
            "<|start_header_id|>system<|end_header_id|>\n\n{content}<|eot_id|>",
            "<|start_header_id|>user<|end_header_id|>\n\n{content}<|eot_id|>"
                    + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "{content}<|eot_id|>"),
    /// Qwen, which is ChatML.
    QWEN(
            "",
            "<|im_start|>system\n{content}<|im_end|>\n",
            "<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n",
            "{content}<|im_end|>\n"),
    /// Mistral; the system text stands within the first question.
    MISTRAL("{bos}", "{content}\n\n", "[INST] {content}[/INST]", " {content}{eos}"),
    /// Phi-3.
    PHI("", "<|system|>\n{content}<|end|>\n", "<|user|>\n{content}<|end|>\n<|assistant|>\n", "{content}<|end|>\n");

    private final String prefix;
    private final String system;
    private final String user;
    private final String assistant;

    ChatTemplate(String prefix, String system, String user, String assistant) {
        this.prefix = prefix;
        this.system = system;
        this.user = user;
        this.assistant = assistant;
    }

    /// The text of each of `messages`; the first also holds what begins a conversation and the `systemText`, unless
    /// that is empty.
    ///
    /// @throws IllegalArgumentException if a message calls a tool or is the result of one
    public List<TemplateText> turns(List<Message> messages, String systemText) {
        List<TemplateText> turns = new ArrayList<>();
        for (Message message : messages) {
            List<TemplateText.Part> parts = new ArrayList<>();
            String content = message.content();
            if (turns.isEmpty()) {
                parts.addAll(TemplateText.fill(prefix, ""));
                if (!systemText.isEmpty() && systemIsInQuestion()) {
                    content = system.replace("{content}", systemText) + content;
                } else if (!systemText.isEmpty()) {
                    parts.addAll(TemplateText.fill(system, systemText));
                }
            }
            parts.addAll(TemplateText.fill(slot(message.role()), content));
            turns.add(new TemplateText(parts));
        }
        return turns;
    }

    /// The text of a whole prompt.
    ///
    /// @throws IllegalArgumentException if a message calls a tool or is the result of one
    public TemplateText prompt(List<Message> messages, String systemText) {
        return TemplateText.joined(turns(messages, systemText));
    }

    @Override
    public int[] promptIds(List<Message> messages, String systemText, Tokenizer tokenizer, int bos, int eos) {
        return prompt(messages, systemText).ids(tokenizer::encode, bos, eos);
    }

    private boolean systemIsInQuestion() {
        return this == LLAMA2 || this == MISTRAL;
    }

    private String slot(Message.Role role) {
        return switch (role) {
            case USER -> user;
            case ASSISTANT -> assistant;
            case OBSERVATION, FUNCTION ->
                throw new IllegalArgumentException("template " + name().toLowerCase(Locale.ROOT)
                        + ": has texts for users and assistants, but got a message of a tool; leave it out");
        };
    }
}
