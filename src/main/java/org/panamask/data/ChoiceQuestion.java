package org.panamask.data;

import java.util.List;

/// A question with answers to choose from. Each choice is `option` and `suffix` one behind the other; the suffix is the
/// same for all, empty unless the gap to be filled is inside a sentence.
///
/// @param prompt what is given before a choice
/// @param options at least two, none empty
/// @param suffix what follows each of them
/// @param answer the number of the right one, from 0
public record ChoiceQuestion(String prompt, List<String> options, String suffix, int answer) {
    /// Keeps its own copy.
    public ChoiceQuestion {
        options = List.copyOf(options);
    }
}
