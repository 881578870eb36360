package org.panamask.text.template;

/// Counts what a rendering takes, and ends it beyond its limits.
final class Meter {
    private final String template;
    private final TemplateLimits limits;
    private long steps;
    private long characters;
    private int depth;
    private int line = 1;

    Meter(String template, TemplateLimits limits) {
        this.template = template;
        this.limits = limits;
    }

    /// Says that what follows happens in line `line`.
    void at(int line) {
        this.line = line;
        took(1);
    }

    int line() {
        return line;
    }

    void took(long more) {
        steps += more;
        if (steps > limits.steps()) {
            throw failure("a template may take at most " + limits.steps()
                    + " steps, but this one goes on; shorten its loops or raise the limit");
        }
    }

    /// Called before a text of `more` characters, or a list of as many elements, is made.
    void made(long more) {
        characters += more;
        if (characters > limits.characters() || characters < 0) {
            throw failure("a template may make at most " + limits.characters()
                    + " characters of text, but this one goes on; shorten it or raise the limit");
        }
    }

    void enter() {
        if (++depth > limits.depth()) {
            throw failure("a template may nest at most " + limits.depth()
                    + " levels deep, but this one goes on; flatten it or raise the limit");
        }
    }

    void leave() {
        depth--;
    }

    TemplateException failure(String rule) {
        return new TemplateException(template, line, rule);
    }
}
