package org.panamask.train;

import java.util.List;
import java.util.stream.Collectors;
import org.panamask.config.Problem;

/// A recipe cannot be used. The message has one line for each problem, in the order of the file.
public final class RecipeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    /// Takes every problem found.
    public RecipeException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /// The problems, in the order of the file.
    public List<Problem> problems() {
        return problems;
    }
}
