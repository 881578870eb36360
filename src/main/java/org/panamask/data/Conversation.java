package org.panamask.data;

import java.util.List;
import org.panamask.text.Message;

/// What was said, and what is to be answered.
///
/// @param prompt the messages before the answer, the last of them a question
/// @param response the answer: one message, or none where the row has none
/// @param system what stands above the conversation; may be empty
public record Conversation(List<Message> prompt, List<Message> response, String system) {
    /// Copies the lists.
    public Conversation {
        prompt = List.copyOf(prompt);
        response = List.copyOf(response);
    }

    /// Whether it can be learnt: it ends with a question that is answered.
    public boolean isComplete() {
        return prompt.size() % 2 == 1 && response.size() == 1;
    }

    /// The first question and the answer, without anything in between.
    ///
    /// @throws DataException if it is not complete
    public Example singleTurn() {
        return new Example(prompt.stream().findFirst().map(Message::content).orElse(""), answer());
    }

    /// The text of the answer.
    ///
    /// @throws DataException if there is none
    public String answer() {
        if (!isComplete()) {
            throw new DataException("conversation: must end with a question and its answer, but has " + prompt.size()
                    + " messages and " + response.size() + " answers; leave it out");
        }
        return response.getFirst().content();
    }
}
