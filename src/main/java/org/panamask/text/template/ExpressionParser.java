package org.panamask.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads expressions, with Jinja's precedence: `if`, `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`, `**`,
/// signs, then what follows a value.
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenReader tokens;
    private final OperandParser operands;

    ExpressionParser(TokenReader tokens) {
        this.tokens = tokens;
        this.operands = new OperandParser(tokens, this);
    }

    /// An expression, or several with commas between them, which make a tuple.
    Expression tuple() {
        int line = tokens.line();
        Expression first = expression();
        if (!tokens.peek().is(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.takes(",") && !endsTuple()) {
            items.add(expression());
        }
        return new Expression.ListOf(items, line);
    }

    private boolean endsTuple() {
        return switch (tokens.peek().kind()) {
            case BLOCK_END, PRINT_END, END -> true;
            case SIGN -> tokens.peek().is(")");
            case NAME, STRING, INT, REAL, TEXT, BLOCK_BEGIN, PRINT_BEGIN -> false;
        };
    }

    Expression expression() {
        tokens.enter();
        int line = tokens.line();
        Expression value = or();
        while (tokens.takesName("if")) {
            Expression condition = or();
            Optional<Expression> otherwise = tokens.takesName("else") ? Optional.of(expression()) : Optional.empty();
            value = new Expression.Conditional(condition, value, otherwise, line);
        }
        tokens.leave();
        return value;
    }

    /// An expression that an `if` may follow, which is then not part of it.
    Expression or() {
        int line = tokens.line();
        Expression left = and();
        while (tokens.takesName("or")) {
            left = new Expression.Both(false, left, and(), line);
        }
        return left;
    }

    private Expression and() {
        int line = tokens.line();
        Expression left = not();
        while (tokens.takesName("and")) {
            left = new Expression.Both(true, left, not(), line);
        }
        return left;
    }

    private Expression not() {
        int line = tokens.line();
        if (tokens.takesName("not")) {
            tokens.enter();
            Expression operand = not();
            tokens.leave();
            return new Expression.Not(operand, line);
        }
        return comparison();
    }

    private Expression comparison() {
        int line = tokens.line();
        Expression first = sum();
        List<Expression.Comparand> rest = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Token.Kind.SIGN && COMPARISONS.contains(token.text())) {
                tokens.take();
                rest.add(new Expression.Comparand(token.text(), sum()));
            } else if (tokens.takesName("in")) {
                rest.add(new Expression.Comparand("in", sum()));
            } else if (token.isName("not") && tokens.after().isName("in")) {
                tokens.take();
                tokens.take();
                rest.add(new Expression.Comparand("not in", sum()));
            } else {
                return rest.isEmpty() ? first : new Expression.Comparison(first, rest, line);
            }
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek().is("+") || tokens.peek().is("-")) {
            Token sign = tokens.take();
            left = new Expression.Binary(sign.text(), left, concatenation(), sign.line());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.peek().is("~")) {
            Token sign = tokens.take();
            left = new Expression.Binary(sign.text(), left, product(), sign.line());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (tokens.peek().is("*")
                || tokens.peek().is("/")
                || tokens.peek().is("//")
                || tokens.peek().is("%")) {
            Token sign = tokens.take();
            left = new Expression.Binary(sign.text(), left, power(), sign.line());
        }
        return left;
    }

    private Expression power() {
        Expression left = operands.signed(true);
        while (tokens.peek().is("**")) {
            Token sign = tokens.take();
            left = new Expression.Binary(sign.text(), left, operands.signed(true), sign.line());
        }
        return left;
    }
}
