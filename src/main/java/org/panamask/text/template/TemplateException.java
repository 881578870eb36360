package org.panamask.text.template;

/// A template that cannot be read or rendered: the message names the template, the line and the rule that was broken.
public final class TemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// The line of the template, from 1.
    private final int line;

    /// What was broken, without name and line.
    private final String rule;

    TemplateException(String template, int line, String rule) {
        super(template + ":" + line + ": " + rule);
        this.line = line;
        this.rule = rule;
    }

    /// The line of the template, from 1.
    public int line() {
        return line;
    }

    /// What was broken, without name and line.
    public String rule() {
        return rule;
    }
}
