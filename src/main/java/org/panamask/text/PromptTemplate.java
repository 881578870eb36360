package org.panamask.text;

import java.util.List;

/// How a conversation is laid out for a model to answer.
public sealed interface PromptTemplate permits ChatTemplate, ModelTemplate {
    /// The ids of the conversation up to the place of the next answer.
    ///
    /// @param messages in turn, the last a question
    /// @param systemText what stands above them; may be empty
    /// @param tokenizer of the model
    /// @param bos the id of the begin token, for templates that name it by its role
    /// @param eos the id of the end token, for templates that name it by its role
    /// @return the ids, a begin token included where the template has one
    /// @throws IllegalArgumentException if the template has no place for a message
    int[] promptIds(List<Message> messages, String systemText, Tokenizer tokenizer, int bos, int eos);
}
