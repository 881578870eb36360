package org.panamask.text.template;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A statement of a template.
sealed interface Statement {
    /// The line where it stands.
    int line();

    /// Text outside of tags.
    record Literal(String text, int line) implements Statement {}

    /// `{{ value }}`.
    record Print(Expression value, int line) implements Statement {}

    /// `{% if %}` with its `elif` branches; an `else` is one whose condition is true.
    record If(List<Branch> branches, int line) implements Statement {}

    /// A branch of an `if`.
    record Branch(Expression condition, List<Statement> body) {}

    /// `{% for names in values if only %}`.
    record For(
            List<String> names,
            Expression values,
            Optional<Expression> only,
            List<Statement> body,
            List<Statement> otherwise,
            int line)
            implements Statement {}

    /// `{% set names = value %}`.
    record Set(List<String> names, Expression value, int line) implements Statement {}

    /// `{% set namespace.name = value %}`.
    record SetMember(String namespace, String name, Expression value, int line) implements Statement {}

    /// `{% set name %}body{% endset %}`.
    record SetBlock(String name, List<Statement> body, int line) implements Statement {}

    /// `{% macro name(parameters) %}`; a parameter may have a default.
    record Macro(String name, Map<String, Optional<Expression>> parameters, List<Statement> body, int line)
            implements Statement {}

    /// `{% generation %}`: what the model is to say.
    record Generation(List<Statement> body, int line) implements Statement {}

    /// `{% break %}`.
    record Break(int line) implements Statement {}

    /// `{% continue %}`.
    record Continue(int line) implements Statement {}
}
