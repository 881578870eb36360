package org.panamask.text.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads the statements of a template.
final class TemplateParser {
    private static final Expression ALWAYS = new Expression.Literal(Value.TRUE, 1);

    private final TokenReader tokens;
    private final ExpressionParser expressions;
    private int loops;

    private TemplateParser(TokenReader tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String template, String source, TemplateLimits limits) {
        TemplateParser parser =
                new TemplateParser(new TokenReader(template, Lexer.tokens(template, source), limits.depth()));
        List<Statement> all = parser.body(Set.of());
        parser.tokens.expect(Token.Kind.END, "the end of the template");
        return all;
    }

    /// The statements up to a tag named in `ends`, whose beginning and name are taken.
    private List<Statement> body(Set<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Token.Kind.TEXT) {
                statements.add(new Statement.Literal(tokens.take().text(), token.line()));
            } else if (token.kind() == Token.Kind.PRINT_BEGIN) {
                tokens.take();
                statements.add(new Statement.Print(expressions.tuple(), token.line()));
                tokens.expect(Token.Kind.PRINT_END, "'}}'");
            } else if (token.kind() == Token.Kind.BLOCK_BEGIN
                    && !ends.contains(tokens.after().text())) {
                tokens.take();
                statements.add(tag(tokens.expect(Token.Kind.NAME, "the name of a tag")));
            } else if (token.kind() == Token.Kind.END && !ends.isEmpty()) {
                throw tokens.failure("a block must end with one of "
                        + ends.stream().sorted().toList() + ", but the template ends; close it");
            } else {
                tokens.take();
                tokens.leave();
                return statements;
            }
        }
    }

    private Statement tag(Token name) {
        int line = name.line();
        return switch (name.text()) {
            case "if" -> condition(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "generation" -> {
                end();
                List<Statement> body = body(Set.of("endgeneration"));
                close("endgeneration");
                yield new Statement.Generation(body, line);
            }
            case "break" -> {
                jump(name);
                yield new Statement.Break(line);
            }
            case "continue" -> {
                jump(name);
                yield new Statement.Continue(line);
            }
            default ->
                throw new TemplateException(
                        tokens.template(),
                        line,
                        "a tag must be one of if, for, set, macro,"
                                + " generation, raw, break and continue, but got '" + name.text()
                                + "'; write the template without it");
        };
    }

    private void end() {
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
    }

    private void close(String name) {
        tokens.expectName(name);
        end();
    }

    private void jump(Token name) {
        if (loops == 0) {
            throw new TemplateException(
                    tokens.template(),
                    name.line(),
                    name.text() + " must stand in a for loop, but does not; take it out");
        }
        end();
    }

    private Statement condition(int line) {
        List<Statement.Branch> branches = new ArrayList<>();
        Expression condition = expressions.tuple();
        end();
        while (true) {
            branches.add(new Statement.Branch(condition, body(Set.of("elif", "else", "endif"))));
            if (tokens.takesName("elif")) {
                condition = expressions.tuple();
                end();
            } else if (tokens.takesName("else")) {
                end();
                branches.add(new Statement.Branch(ALWAYS, body(Set.of("endif"))));
                close("endif");
                return new Statement.If(branches, line);
            } else {
                close("endif");
                return new Statement.If(branches, line);
            }
        }
    }

    private Statement loop(int line) {
        List<String> names = names();
        tokens.expectName("in");
        Expression values = expressions.or();
        Optional<Expression> only = tokens.takesName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        if (tokens.peek().isName("recursive")) {
            throw tokens.failure("a for loop must not be recursive, but this one is; use a macro");
        }
        end();
        loops++;
        List<Statement> body = body(Set.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = List.of();
        if (tokens.takesName("else")) {
            end();
            otherwise = body(Set.of("endfor"));
        }
        close("endfor");
        return new Statement.For(names, values, only, body, otherwise, line);
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        boolean bracketed = tokens.takes("(");
        do {
            names.add(tokens.expect(Token.Kind.NAME, "the name of a variable").text());
        } while (tokens.takes(","));
        if (bracketed) {
            tokens.expect(")");
        }
        return names;
    }

    private Statement set(int line) {
        if (tokens.after().is(".")) {
            String namespace = tokens.take().text();
            tokens.take();
            String name = tokens.expect(Token.Kind.NAME, "a name").text();
            tokens.expect("=");
            Expression value = expressions.tuple();
            end();
            return new Statement.SetMember(namespace, name, value, line);
        }
        List<String> names = names();
        if (tokens.takes("=")) {
            Expression value = expressions.tuple();
            end();
            return new Statement.Set(names, value, line);
        }
        end();
        List<Statement> body = body(Set.of("endset"));
        close("endset");
        return new Statement.SetBlock(names.getFirst(), body, line);
    }

    private Statement macro(int line) {
        String name = tokens.expect(Token.Kind.NAME, "the name of a macro").text();
        Map<String, Optional<Expression>> parameters = new LinkedHashMap<>();
        tokens.expect("(");
        while (!tokens.takes(")")) {
            String parameter =
                    tokens.expect(Token.Kind.NAME, "the name of a parameter").text();
            parameters.put(parameter, tokens.takes("=") ? Optional.of(expressions.expression()) : Optional.empty());
            if (!tokens.takes(",") && !tokens.peek().is(")")) {
                tokens.expect(")");
            }
        }
        end();
        int around = loops;
        loops = 0;
        List<Statement> body = body(Set.of("endmacro"));
        loops = around;
        close("endmacro");
        return new Statement.Macro(name, parameters, body, line);
    }
}
