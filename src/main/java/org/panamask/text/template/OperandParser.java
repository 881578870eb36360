package org.panamask.text.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads what signs stand between: values with a sign before them, and members, items, calls, filters and tests behind.
final class OperandParser {
    private static final Set<String> ENDS = Set.of("else", "or", "and", "if", "in", "is", "not");

    private final TokenReader tokens;
    private final ExpressionParser expressions;

    OperandParser(TokenReader tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    Expression signed(boolean filtered) {
        tokens.enter();
        int line = tokens.line();
        Expression value;
        if (tokens.takes("-")) {
            value = new Expression.Minus(signed(false), line);
        } else if (tokens.takes("+")) {
            value = signed(false);
        } else {
            value = primary();
        }
        value = followed(value);
        if (filtered) {
            value = filtered(value);
        }
        tokens.leave();
        return value;
    }

    private Expression primary() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case NAME -> name(tokens.take());
            case STRING -> string();
            case INT -> number(tokens.take());
            case REAL ->
                new Expression.Literal(
                        new Value.Real(Double.parseDouble(tokens.take().text())), token.line());
            case SIGN -> bracketed(token);
            case TEXT, BLOCK_BEGIN, BLOCK_END, PRINT_BEGIN, PRINT_END, END ->
                throw tokens.failure("a value must stand here, but got " + token.shown() + "; repair the template");
        };
    }

    private static Expression name(Token token) {
        return switch (token.text()) {
            case "true", "True" -> new Expression.Literal(Value.TRUE, token.line());
            case "false", "False" -> new Expression.Literal(Value.FALSE, token.line());
            case "none", "None" -> new Expression.Literal(Value.NONE, token.line());
            default -> new Expression.Name(token.text(), token.line());
        };
    }

    private Expression string() {
        int line = tokens.line();
        StringBuilder text = new StringBuilder();
        while (tokens.peek().kind() == Token.Kind.STRING) {
            text.append(tokens.take().text());
        }
        return new Expression.Literal(Value.of(text.toString()), line);
    }

    private Expression number(Token token) {
        try {
            return new Expression.Literal(Value.of(Long.parseLong(token.text())), token.line());
        } catch (NumberFormatException _) {
            throw tokens.failure("a whole number must fit 64 bits, but got " + token.text() + "; write a smaller one");
        }
    }

    private Expression bracketed(Token token) {
        if (tokens.takes("(")) {
            Expression inside =
                    tokens.peek().is(")") ? new Expression.ListOf(List.of(), token.line()) : expressions.tuple();
            tokens.expect(")");
            return inside;
        }
        if (tokens.takes("[")) {
            List<Expression> items = new ArrayList<>();
            while (!tokens.takes("]")) {
                items.add(expressions.expression());
                comma("]");
            }
            return new Expression.ListOf(items, token.line());
        }
        if (tokens.takes("{")) {
            List<Expression.Entry> entries = new ArrayList<>();
            while (!tokens.takes("}")) {
                Expression key = expressions.expression();
                tokens.expect(":");
                entries.add(new Expression.Entry(key, expressions.expression()));
                comma("}");
            }
            return new Expression.MapOf(entries, token.line());
        }
        throw tokens.failure("a value must stand here, but got " + token.shown() + "; repair the template");
    }

    /// Takes the comma between two elements; before the end there may be one or none.
    private void comma(String end) {
        if (!tokens.takes(",") && !tokens.peek().is(end)) {
            tokens.expect(end);
        }
    }

    private Expression followed(Expression before) {
        Expression value = before;
        while (true) {
            int line = tokens.line();
            if (tokens.takes(".")) {
                value = member(value, line);
            } else if (tokens.takes("[")) {
                value = subscript(value, line);
            } else if (tokens.peek().is("(")) {
                value = new Expression.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expression member(Expression value, int line) {
        if (tokens.peek().kind() == Token.Kind.INT) {
            return new Expression.Item(value, number(tokens.take()), line);
        }
        return new Expression.Attribute(
                value, tokens.expect(Token.Kind.NAME, "a name").text(), line);
    }

    private Expression subscript(Expression value, int line) {
        Optional<Expression> from = tokens.peek().is(":") ? Optional.empty() : Optional.of(expressions.expression());
        if (from.isPresent() && tokens.takes("]")) {
            return new Expression.Item(value, from.get(), line);
        }
        tokens.expect(":");
        Optional<Expression> to = bound();
        Optional<Expression> step = tokens.takes(":") ? bound() : Optional.empty();
        tokens.expect("]");
        return new Expression.Slice(value, from, to, step, line);
    }

    private Optional<Expression> bound() {
        return tokens.peek().is(":") || tokens.peek().is("]")
                ? Optional.empty()
                : Optional.of(expressions.expression());
    }

    private Expression filtered(Expression before) {
        Expression value = before;
        while (true) {
            int line = tokens.line();
            if (tokens.takes("|")) {
                String name =
                        tokens.expect(Token.Kind.NAME, "the name of a filter").text();
                value = new Expression.Filter(value, name, optionalArguments(), line);
            } else if (tokens.takesName("is")) {
                value = test(value, line);
            } else if (tokens.peek().is("(")) {
                value = new Expression.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expression test(Expression value, int line) {
        boolean negated = tokens.takesName("not");
        String name = tokens.expect(Token.Kind.NAME, "the name of a test").text();
        Expression test = new Expression.Test(value, name, testArguments(), line);
        return negated ? new Expression.Not(test, line) : test;
    }

    /// A test takes its one argument also without brackets.
    private Expression.Arguments testArguments() {
        Token token = tokens.peek();
        boolean begins = switch (token.kind()) {
            case NAME -> !ENDS.contains(token.text());
            case STRING, INT, REAL -> true;
            case SIGN -> token.is("[") || token.is("{");
            case TEXT, BLOCK_BEGIN, BLOCK_END, PRINT_BEGIN, PRINT_END, END -> false;
        };
        return begins ? new Expression.Arguments(List.of(followed(primary())), Map.of()) : optionalArguments();
    }

    private Expression.Arguments optionalArguments() {
        return tokens.peek().is("(") ? arguments() : Expression.Arguments.NONE;
    }

    private Expression.Arguments arguments() {
        tokens.expect("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.takes(")")) {
            if (tokens.peek().kind() == Token.Kind.NAME && tokens.after().is("=")) {
                String name = tokens.take().text();
                tokens.expect("=");
                named.put(name, expressions.expression());
            } else {
                positional.add(expressions.expression());
            }
            comma(")");
        }
        return new Expression.Arguments(positional, named);
    }
}
