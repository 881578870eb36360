package org.panamask.text.template;

import java.util.List;

/// Goes through the tokens of a template, and counts how deep its parts nest.
final class TokenReader {
    private final String template;
    private final List<Token> tokens;
    private final int mostDepth;
    private int next;
    private int depth;

    TokenReader(String template, List<Token> tokens, int mostDepth) {
        this.template = template;
        this.tokens = tokens;
        this.mostDepth = mostDepth;
    }

    String template() {
        return template;
    }

    Token peek() {
        return tokens.get(next);
    }

    Token after() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    int line() {
        return peek().line();
    }

    Token take() {
        Token token = tokens.get(next);
        if (next + 1 < tokens.size()) {
            next++;
        }
        return token;
    }

    boolean takes(String sign) {
        boolean is = peek().is(sign);
        if (is) {
            take();
        }
        return is;
    }

    boolean takesName(String name) {
        boolean is = peek().isName(name);
        if (is) {
            take();
        }
        return is;
    }

    void expect(String sign) {
        if (!takes(sign)) {
            throw failure("'" + sign + "' must stand here, but got " + peek().shown() + "; repair the template");
        }
    }

    Token expect(Token.Kind kind, String what) {
        if (peek().kind() != kind) {
            throw failure(what + " must stand here, but got " + peek().shown() + "; repair the template");
        }
        return take();
    }

    void expectName(String name) {
        if (!takesName(name)) {
            throw failure("'" + name + "' must stand here, but got " + peek().shown() + "; repair the template");
        }
    }

    void enter() {
        if (++depth > mostDepth) {
            throw failure("a template may nest at most " + mostDepth
                    + " levels deep, but this one goes on; flatten it or raise the limit");
        }
    }

    void leave() {
        depth--;
    }

    TemplateException failure(String rule) {
        return new TemplateException(template, line(), rule);
    }
}
