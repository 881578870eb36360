package org.panamask.text.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What stands behind `|`.
final class Filters {
    private final Meter meter;
    private final Selection selection;
    private final TextMethods texts;
    private final ListFilters lists;

    Filters(Meter meter, Operators operators, Tests tests) {
        this.meter = meter;
        this.selection = new Selection(meter);
        this.texts = new TextMethods(meter);
        this.lists = new ListFilters(meter, operators, tests, this);
    }

    Value apply(String name, Value input, Arguments arguments) {
        return switch (name) {
            case "default", "d" -> defaulted(input, arguments.atMost(2, "default_value", "boolean"));
            case "tojson" -> Value.of(json(input, arguments));
            case "length", "count" -> length(input);
            case "string" -> Value.of(Writing.printed(input, meter));
            case "int" -> whole(input, arguments);
            case "float" -> real(input, arguments);
            case "abs" -> absolute(input);
            case "trim", "upper", "lower", "title", "capitalize", "replace", "indent", "safe" ->
                Value.of(text(name, Writing.printed(input, meter), arguments));
            default -> lists.apply(name, input, arguments);
        };
    }

    private static Value defaulted(Value input, Arguments arguments) {
        boolean missing =
                input instanceof Value.Undefined || (arguments.flag(1, "boolean") && !Operators.isTrue(input));
        return missing ? arguments.optional(0, "default_value").orElse(Value.of("")) : input;
    }

    private String json(Value input, Arguments arguments) {
        arguments.atMost(4, "ensure_ascii", "indent", "separators", "sort_keys");
        Optional<String> indent = arguments
                .optional(1, "indent")
                .filter(value -> !(value instanceof Value.None))
                .map(value -> value instanceof Value.Text(String text)
                        ? text
                        : " ".repeat(Math.clamp(arguments.whole(1, "indent", 0), 0, 64)));
        List<Value> separators = arguments
                .optional(2, "separators")
                .filter(Value.Sequence.class::isInstance)
                .map(selection::elements)
                .filter(both -> both.size() == 2)
                .orElse(List.of(Value.of(indent.isPresent() ? "," : ", "), Value.of(": ")));
        return Writing.json(
                input,
                new Writing.Json(
                        arguments.flag(0, "ensure_ascii"),
                        indent,
                        Writing.printed(separators.get(0), meter),
                        Writing.printed(separators.get(1), meter),
                        arguments.flag(3, "sort_keys")),
                meter);
    }

    private Value length(Value input) {
        return switch (input) {
            case Value.Text(String text) -> {
                meter.took(1 + text.length() / 16);
                yield Value.of(PythonText.length(text));
            }
            case Value.Sequence(List<Value> items) -> Value.of(items.size());
            case Value.Mapping(Map<String, Value> entries) -> Value.of(entries.size());
            case Value.Undefined _ -> Value.of(0);
            case Value.Int _, Value.Real _, Value.Bool _, Value.None _, Value.Namespace _, Value.Callable _ ->
                throw meter.failure("filter length needs a list, a text or a dictionary, but got "
                        + Operators.kind(input) + "; test it with 'is iterable' first");
        };
    }

    private Value whole(Value input, Arguments arguments) {
        Value otherwise = arguments.optional(0, "default").orElse(Value.of(0));
        if (input instanceof Value.Text(String text)) {
            try {
                return Value.of((long) Double.parseDouble(PythonText.strip(text)));
            } catch (NumberFormatException _) {
                return otherwise;
            }
        }
        return input instanceof Value.Int
                ? input
                : Operators.isNumber(input) ? Value.of((long) Operators.real(input)) : otherwise;
    }

    private static Value real(Value input, Arguments arguments) {
        Value otherwise = arguments.optional(0, "default").orElse(new Value.Real(0));
        if (input instanceof Value.Text(String text)) {
            try {
                return new Value.Real(Double.parseDouble(PythonText.strip(text)));
            } catch (NumberFormatException _) {
                return otherwise;
            }
        }
        return Operators.isNumber(input) ? new Value.Real(Operators.real(input)) : otherwise;
    }

    private Value absolute(Value input) {
        return switch (input) {
            case Value.Int(long number) -> Value.of(Math.abs(number));
            case Value.Real(double number) -> new Value.Real(Math.abs(number));
            case Value.Text _,
                    Value.Bool _,
                    Value.None _,
                    Value.Sequence _,
                    Value.Mapping _,
                    Value.Undefined _,
                    Value.Namespace _,
                    Value.Callable _ ->
                throw meter.failure(
                        "filter abs needs a number, but got " + Operators.kind(input) + "; convert it with | int");
        };
    }

    private String text(String name, String text, Arguments arguments) {
        meter.made(text.length());
        return switch (name) {
            case "trim" ->
                arguments.optional(0, "chars").isEmpty()
                        ? PythonText.strip(text)
                        : Writing.printed(texts.call(text, "strip", arguments), meter);
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> TextMethods.title(text);
            case "capitalize" -> TextMethods.capitalized(text);
            case "replace" -> texts.replaced(text, arguments);
            case "indent" -> indented(text, arguments.atMost(3, "width", "first", "blank"));
            default -> text;
        };
    }

    private String indented(String text, Arguments arguments) {
        String indent = " ".repeat(Math.clamp(arguments.whole(0, "width", 4), 0, 64));
        List<String> lines = List.of(text.split("\n", -1));
        meter.made(text.length() + (long) lines.size() * indent.length());
        List<String> indented = new ArrayList<>();
        for (String line : lines) {
            boolean first = indented.isEmpty();
            boolean skips = first ? !arguments.flag(1, "first") : line.isEmpty() && !arguments.flag(2, "blank");
            indented.add(skips ? line : indent + line);
        }
        return String.join("\n", indented);
    }

    /// The elements of a list in the other order, or the characters of a text.
    Value reversed(Value input) {
        List<Value> items = new ArrayList<>(selection.elements(input));
        meter.made(items.size());
        Collections.reverse(items);
        if (input instanceof Value.Text) {
            StringBuilder text = new StringBuilder();
            items.forEach(item -> text.append(Writing.printed(item, meter)));
            return Value.of(text.toString());
        }
        return Value.of(items);
    }
}
