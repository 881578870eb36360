package org.panamask.text.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The methods of texts.
final class TextMethods {
    static final Set<String> NAMES = Set.of(
            "strip",
            "lstrip",
            "rstrip",
            "split",
            "rsplit",
            "splitlines",
            "startswith",
            "endswith",
            "removeprefix",
            "removesuffix",
            "replace",
            "upper",
            "lower",
            "title",
            "capitalize",
            "join",
            "find",
            "count",
            "isdigit");

    private final Meter meter;

    TextMethods(Meter meter) {
        this.meter = meter;
    }

    Value call(String text, String name, Arguments arguments) {
        meter.made(text.length());
        return switch (name) {
            case "strip" -> stripped(text, arguments, true, true);
            case "lstrip" -> stripped(text, arguments, true, false);
            case "rstrip" -> stripped(text, arguments, false, true);
            case "split", "rsplit" -> split(text, arguments, name.equals("rsplit"));
            case "splitlines" -> Value.of(text.lines().map(Value::of).toList());
            case "startswith" -> Value.of(anyOf(arguments).stream().anyMatch(text::startsWith));
            case "endswith" -> Value.of(anyOf(arguments).stream().anyMatch(text::endsWith));
            case "removeprefix" -> {
                String prefix = arguments.text(0, "prefix");
                yield Value.of(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
            }
            case "removesuffix" -> {
                String suffix = arguments.text(0, "suffix");
                yield Value.of(text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text);
            }
            case "replace" -> Value.of(replaced(text, arguments));
            case "upper" -> Value.of(text.toUpperCase(Locale.ROOT));
            case "lower" -> Value.of(text.toLowerCase(Locale.ROOT));
            case "title" -> Value.of(title(text));
            case "capitalize" -> Value.of(capitalized(text));
            case "join" -> Value.of(joined(text, arguments));
            case "find" -> {
                int found = text.indexOf(arguments.text(0, "sub"));
                yield Value.of(found < 0 ? -1 : text.codePointCount(0, found));
            }
            case "count" -> count(text, arguments.text(0, "sub"));
            default -> Value.of(!text.isEmpty() && text.codePoints().allMatch(Character::isDigit));
        };
    }

    private static Value stripped(String text, Arguments arguments, boolean front, boolean back) {
        String set = arguments.optionalText(0, "chars").orElse("");
        int from = 0;
        int to = text.length();
        while (front && from < to && strips(text.charAt(from), set)) {
            from++;
        }
        while (back && to > from && strips(text.charAt(to - 1), set)) {
            to--;
        }
        return Value.of(text.substring(from, to));
    }

    private static boolean strips(char c, String set) {
        return set.isEmpty() ? PythonText.isSpace(c) : set.indexOf(c) >= 0;
    }

    private Value split(String text, Arguments arguments, boolean fromEnd) {
        long most = arguments.whole(1, "maxsplit", -1);
        long limit = most < 0 ? Long.MAX_VALUE : most;
        String separator = arguments.optionalText(0, "sep").orElse("");
        if (arguments.optionalText(0, "sep").isPresent() && separator.isEmpty()) {
            throw meter.failure("split needs a separator of at least 1 character, but got none; leave it out");
        }
        List<Value> parts = new ArrayList<>();
        if (separator.isEmpty()) {
            words(text, limit, fromEnd, parts);
        } else if (fromEnd) {
            int end = text.length();
            for (int at = text.lastIndexOf(separator);
                    at >= 0 && parts.size() < limit;
                    at = at == 0 ? -1 : text.lastIndexOf(separator, at - separator.length())) {
                parts.add(Value.of(text.substring(at + separator.length(), end)));
                end = at;
            }
            parts.add(Value.of(text.substring(0, end)));
            Collections.reverse(parts);
        } else {
            int start = 0;
            for (int at = text.indexOf(separator);
                    at >= 0 && parts.size() < limit;
                    at = text.indexOf(separator, start)) {
                parts.add(Value.of(text.substring(start, at)));
                start = at + separator.length();
            }
            parts.add(Value.of(text.substring(start)));
        }
        meter.made(parts.size());
        return Value.of(parts);
    }

    private void words(String text, long limit, boolean fromEnd, List<Value> parts) {
        if (fromEnd && limit != Long.MAX_VALUE) {
            throw meter.failure("rsplit with a maximum needs a separator, but got none; give one");
        }
        int at = skipped(text, 0, true);
        while (at < text.length()) {
            int end = skipped(text, at, false);
            boolean last = parts.size() == limit;
            parts.add(Value.of(last ? PythonText.stripEnd(text.substring(at)) : text.substring(at, end)));
            at = last ? text.length() : skipped(text, end, true);
        }
    }

    private static int skipped(String text, int from, boolean spaces) {
        int at = from;
        while (at < text.length() && PythonText.isSpace(text.charAt(at)) == spaces) {
            at++;
        }
        return at;
    }

    private static List<String> anyOf(Arguments arguments) {
        if (arguments.required(0, "prefix") instanceof Value.Sequence(List<Value> several)) {
            return several.stream()
                    .map(one -> new Arguments(arguments.what(), List.of(one), Map.of(), arguments.meter())
                            .text(0, "prefix"))
                    .toList();
        }
        return List.of(arguments.text(0, "prefix"));
    }

    String replaced(String text, Arguments arguments) {
        String old = arguments.text(0, "old");
        String fresh = arguments.text(1, "new");
        long most = arguments.whole(2, "count", -1);
        long places = old.isEmpty() ? text.length() + 1L : occurrences(text, old);
        meter.made(text.length() + places * fresh.length());
        if (most < 0) {
            return text.replace(old, fresh);
        }
        StringBuilder replaced = new StringBuilder();
        int start = 0;
        for (long i = 0; i < most && !old.isEmpty(); i++) {
            int at = text.indexOf(old, start);
            if (at < 0) {
                break;
            }
            replaced.append(text, start, at).append(fresh);
            start = at + old.length();
        }
        return replaced.append(text, start, text.length()).toString();
    }

    private static Value count(String text, String piece) {
        return Value.of(piece.isEmpty() ? PythonText.length(text) + 1 : occurrences(text, piece));
    }

    private static long occurrences(String text, String piece) {
        long count = 0;
        for (int at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length())) {
            count++;
        }
        return count;
    }

    private String joined(String separator, Arguments arguments) {
        if (!(arguments.required(0, "iterable") instanceof Value.Sequence(List<Value> items))) {
            throw meter.failure("join needs a list of texts, but got "
                    + Operators.kind(arguments.required(0, "iterable")) + "; give it a list");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof Value.Text(String piece))) {
                throw meter.failure(
                        "join needs a list of texts, but got " + Operators.kind(items.get(i)) + " in it; convert it");
            }
            meter.made((long) separator.length() + piece.length());
            text.append(i == 0 ? "" : separator).append(piece);
        }
        return text.toString();
    }

    static String capitalized(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                        + text.substring(1).toLowerCase(Locale.ROOT);
    }

    static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean within = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            title.append(within ? Character.toLowerCase(c) : Character.toTitleCase(c));
            within = Character.isLetter(c);
        }
        return title.toString();
    }
}
