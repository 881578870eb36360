package org.panamask.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts a template into tokens, with the white space rules that transformers sets: the first line end behind a tag
/// goes, and so does white space between the start of a line and a tag.
final class Lexer {
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%}\\s*|%})");
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");
    private static final Pattern COMMENT_END = Pattern.compile("\\+#}|-#}\\s*|#}\\n?");
    private static final Pattern NUMBER = Pattern.compile("(\\d+)(\\.\\d+)?([eE][+-]?\\d+)?");
    private static final Pattern WORD = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    private static final Pattern SIGN = Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,]");

    private final String template;
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int counted;
    private boolean startsLine = true;

    private Lexer(String template, String source) {
        this.template = template;
        this.source = source;
    }

    static List<Token> tokens(String template, String text) {
        String source = text.replace("\r\n", "\n").replace('\r', '\n');
        String lines = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
        Lexer lexer = new Lexer(template, lines);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Token.Kind.TEXT, source.substring(position));
                position = source.length();
                break;
            }
            char kind = source.charAt(tag + 1);
            text(tag, kind != '{');
            if (kind == '#') {
                comment(tag);
            } else {
                Matcher raw = matches(RAW_BEGIN, tag);
                if (raw.lookingAt()) {
                    raw(raw.end());
                } else {
                    tag(tag, kind == '%');
                }
            }
        }
        add(Token.Kind.END, "");
    }

    private int nextTag() {
        for (int i = position; i + 1 < source.length(); i++) {
            char next = source.charAt(i + 1);
            if (source.charAt(i) == '{' && (next == '%' || next == '{' || next == '#')) {
                return i;
            }
        }
        return -1;
    }

    /// The text up to the tag at `tag`.
    private void text(int tag, boolean strips) {
        char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
        emit(stripped(source.substring(position, tag), sign, strips));
        position = tag;
    }

    private void emit(String text) {
        if (!text.isEmpty()) {
            add(Token.Kind.TEXT, text);
        }
    }

    private String stripped(String text, char sign, boolean strips) {
        if (sign == '-') {
            return PythonText.stripEnd(text);
        }
        int lineStart = text.lastIndexOf('\n') + 1;
        if (sign != '+'
                && strips
                && (lineStart > 0 || startsLine)
                && PythonText.strip(text.substring(lineStart)).isEmpty()) {
            return text.substring(0, lineStart);
        }
        return text;
    }

    private void comment(int tag) {
        Matcher end = matches(COMMENT_END, tag + 2);
        if (!end.find()) {
            throw failure("a comment must end with #}, but the template ends; close it");
        }
        goTo(end.end());
    }

    private void raw(int begin) {
        Matcher end = matches(RAW_END, begin);
        if (!end.find()) {
            throw failure("a raw block must end with {% endraw %}, but the template ends; close it");
        }
        startsLine = false;
        char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
        emit(stripped(source.substring(begin, end.start()), sign, true));
        goTo(end.end());
    }

    private void goTo(int next) {
        position = next;
        startsLine = next > 0 && source.charAt(next - 1) == '\n';
    }

    private void tag(int tag, boolean isBlock) {
        int signed = tag + 2 < source.length() && "-+".indexOf(source.charAt(tag + 2)) >= 0 ? 1 : 0;
        add(isBlock ? Token.Kind.BLOCK_BEGIN : Token.Kind.PRINT_BEGIN, "");
        position = tag + 2 + signed;
        int brackets = 0;
        String end = isBlock ? "%}" : "}}";
        while (true) {
            skipSpace();
            if (position >= source.length()) {
                throw failure("a tag must end with " + end + ", but the template ends; close it");
            }
            if (brackets == 0 && ends(end, isBlock)) {
                return;
            }
            brackets += token();
        }
    }

    private boolean ends(String end, boolean isBlock) {
        boolean strips = source.startsWith("-" + end, position);
        boolean keeps = isBlock && source.startsWith("+" + end, position);
        if (!strips && !keeps && !source.startsWith(end, position)) {
            return false;
        }
        add(isBlock ? Token.Kind.BLOCK_END : Token.Kind.PRINT_END, "");
        int next = position + end.length() + (strips || keeps ? 1 : 0);
        if (strips) {
            while (next < source.length() && PythonText.isSpace(source.charAt(next))) {
                next++;
            }
        } else if (isBlock && !keeps && next < source.length() && source.charAt(next) == '\n') {
            next++;
        }
        goTo(next);
        return true;
    }

    private void skipSpace() {
        while (position < source.length() && PythonText.isSpace(source.charAt(position))) {
            position++;
        }
    }

    /// Adds one token, and says by how many it opens more brackets than it closes.
    private int token() {
        char first = source.charAt(position);
        if (first == '\'' || first == '"') {
            string(first);
            return 0;
        }
        Matcher number = matches(NUMBER, position);
        if (number.lookingAt()) {
            boolean whole = number.group(2) == null && number.group(3) == null;
            add(whole ? Token.Kind.INT : Token.Kind.REAL, number.group());
            position = number.end();
            return 0;
        }
        Matcher word = matches(WORD, position);
        if (word.lookingAt()) {
            add(Token.Kind.NAME, word.group());
            position = word.end();
            return 0;
        }
        Matcher sign = matches(SIGN, position);
        if (!sign.lookingAt()) {
            throw failure("an expression must be made of names, values and signs, but has '"
                    + Character.toString(source.codePointAt(position)) + "'; take it out");
        }
        add(Token.Kind.SIGN, sign.group());
        position = sign.end();
        return "([{".contains(sign.group()) ? 1 : ")]}".contains(sign.group()) ? -1 : 0;
    }

    private void string(char quote) {
        int end = position + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw failure("a text must end with " + quote + ", but the template ends; close it");
        }
        add(Token.Kind.STRING, PythonText.unescaped(source.substring(position + 1, end)));
        position = end + 1;
    }

    private Matcher matches(Pattern pattern, int from) {
        return pattern.matcher(source).region(from, source.length());
    }

    private void add(Token.Kind kind, String text) {
        countLines();
        tokens.add(new Token(kind, text, line));
    }

    private void countLines() {
        for (; counted < position; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
    }

    private TemplateException failure(String rule) {
        countLines();
        return new TemplateException(template, line, rule);
    }
}
