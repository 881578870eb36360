package org.panamask.text;

/// One turn of a conversation.
///
/// @param role who says it
/// @param content what is said
public record Message(Role role, String content) {
    /// Who speaks.
    public enum Role {
        /// A person.
        USER,
        /// The model.
        ASSISTANT,
        /// The result of a tool, in the place of a person.
        OBSERVATION,
        /// The call of a tool, in the place of the model.
        FUNCTION
    }
}
