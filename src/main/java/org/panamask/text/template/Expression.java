package org.panamask.text.template;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An expression of a template.
sealed interface Expression {
    /// The line where it stands.
    int line();

    /// A value written out.
    record Literal(Value value, int line) implements Expression {}

    /// A variable.
    record Name(String name, int line) implements Expression {}

    /// A list or a tuple.
    record ListOf(List<Expression> items, int line) implements Expression {}

    /// A dictionary.
    record MapOf(List<Entry> entries, int line) implements Expression {}

    /// One entry of a dictionary.
    record Entry(Expression key, Expression value) {}

    /// `target.name`.
    record Attribute(Expression target, String name, int line) implements Expression {}

    /// `target[key]`.
    record Item(Expression target, Expression key, int line) implements Expression {}

    /// `target[from:to:step]`.
    record Slice(
            Expression target, Optional<Expression> from, Optional<Expression> to, Optional<Expression> step, int line)
            implements Expression {}

    /// `target(arguments)`.
    record Call(Expression target, Arguments arguments, int line) implements Expression {}

    /// `target | name(arguments)`.
    record Filter(Expression target, String name, Arguments arguments, int line) implements Expression {}

    /// `target is name(arguments)`.
    record Test(Expression target, String name, Arguments arguments, int line) implements Expression {}

    /// `not operand`.
    record Not(Expression operand, int line) implements Expression {}

    /// `-operand`.
    record Minus(Expression operand, int line) implements Expression {}

    /// `left sign right`.
    record Binary(String sign, Expression left, Expression right, int line) implements Expression {}

    /// `left and right` or `left or right`.
    record Both(boolean isAnd, Expression left, Expression right, int line) implements Expression {}

    /// `first sign next sign next ...`.
    record Comparison(Expression first, List<Comparand> rest, int line) implements Expression {}

    /// What a comparison goes on with.
    record Comparand(String sign, Expression operand) {}

    /// `then if condition else otherwise`.
    record Conditional(Expression condition, Expression then, Optional<Expression> otherwise, int line)
            implements Expression {}

    /// The arguments of a call.
    record Arguments(List<Expression> positional, Map<String, Expression> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
