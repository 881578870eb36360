package org.panamask.text.template;

import java.util.List;
import java.util.Map;

/// A chat template as model folders carry them, in the part of Jinja that published templates use:
///
/// * tags `if`, `for` (with `if` and `else`, `break`, `continue`), `set` (also of blocks and of members of a
///   namespace), `macro`, `generation`, `raw`; white space is trimmed as transformers has it set
/// * all signs and comparisons, conditional expressions, slices, `loop`, `range`, `namespace`, `dict`,
///   `raise_exception`
/// * filters `abs`, `capitalize`, `count`, `d`, `default`, `dictsort`, `first`, `float`, `indent`, `int`, `items`,
///   `join`, `last`, `length`, `list`, `lower`, `map`, `reject`, `rejectattr`, `replace`, `reverse`, `safe`, `select`,
///   `selectattr`, `string`, `title`, `tojson`, `trim`, `unique`, `upper`
/// * the tests of Jinja but `escaped` and `filter`, and the usual methods of texts, lists and dictionaries
///
/// Anything else ends with a [TemplateException]. Templates see the values given to them and nothing of the host: no
/// clock, no files, no classes. Rendering is bounded by [TemplateLimits], so that every template ends. Safe for use by
/// many threads.
public final class JinjaTemplate {
    private static final int MOST_CHARACTERS = 1 << 20;

    private final String name;
    private final List<Statement> statements;
    private final TemplateLimits limits;

    private JinjaTemplate(String name, List<Statement> statements, TemplateLimits limits) {
        this.name = name;
        this.statements = statements;
        this.limits = limits;
    }

    /// Reads a template; `name` stands in messages.
    ///
    /// @throws TemplateException if it is not of the part of Jinja above
    public static JinjaTemplate of(String name, String source) {
        return of(name, source, TemplateLimits.defaults());
    }

    /// Reads a template; `name` stands in messages.
    ///
    /// @throws TemplateException if it is not of the part of Jinja above, or nests deeper than `limits` allow
    public static JinjaTemplate of(String name, String source, TemplateLimits limits) {
        if (source.length() > MOST_CHARACTERS) {
            throw new TemplateException(
                    name,
                    1,
                    "a template must not exceed " + MOST_CHARACTERS + " characters, but has " + source.length()
                            + "; shorten it");
        }
        return new JinjaTemplate(name, TemplateParser.parse(name, source, limits), limits);
    }

    /// What the template makes of `values`, its variables by name.
    ///
    /// @throws TemplateException if the template refuses the values, does what it must not, or meets a limit
    public Rendering render(Map<String, Value> values) {
        return Interpreter.render(statements, values, new Meter(name, limits));
    }

    /// What messages call it.
    public String name() {
        return name;
    }
}
