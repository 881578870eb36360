package org.panamask;

import java.util.List;
import org.panamask.text.Message;

/// What is to be answered.
///
/// @param messages in turn, the last a question
/// @param system what stands above them; may be empty
public record Prompt(List<Message> messages, String system) {
    /// Copies the list.
    ///
    /// @throws GenerationException if there is no message, or the last is not a question
    public Prompt {
        messages = List.copyOf(messages);
        if (messages.isEmpty() || messages.getLast().role() == Message.Role.ASSISTANT) {
            throw new GenerationException("prompt: the last message must be a question, but "
                    + (messages.isEmpty() ? "there is none" : "it is an answer") + "; add one");
        }
    }

    /// A question on its own.
    public static Prompt of(String question) {
        return new Prompt(List.of(new Message(Message.Role.USER, question)), "");
    }

    /// Whether it is a question and nothing else.
    boolean isSingle() {
        return messages.size() == 1 && system.isEmpty();
    }
}
