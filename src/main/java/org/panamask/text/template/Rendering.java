package org.panamask.text.template;

import java.util.List;

/// What a template makes of its values.
///
/// @param text all of it
/// @param answers where `{% generation %}` blocks stand in the text, in their order
public record Rendering(String text, List<Span> answers) {
    /// A part of the text, in UTF-16 units.
    ///
    /// @param from the first unit
    /// @param to behind the last unit
    public record Span(int from, int to) {}

    /// Copies the list.
    public Rendering {
        answers = List.copyOf(answers);
    }
}
