package org.panamask.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The filters that go through lists.
final class ListFilters {
    private final Meter meter;
    private final Operators operators;
    private final Tests tests;
    private final Filters filters;
    private final Selection selection;

    ListFilters(Meter meter, Operators operators, Tests tests, Filters filters) {
        this.meter = meter;
        this.operators = operators;
        this.tests = tests;
        this.filters = filters;
        this.selection = new Selection(meter);
    }

    Value apply(String name, Value input, Arguments arguments) {
        return switch (name) {
            case "first" -> edge(input, 0);
            case "last" -> edge(input, -1);
            case "list" -> Value.of(visited(input));
            case "reverse" -> filters.reversed(input);
            case "join" -> joined(input, arguments.atMost(2, "d", "attribute"));
            case "items" -> items(input);
            case "dictsort" -> dictsort(input);
            case "unique" -> unique(input);
            case "map" -> mapped(input, arguments);
            case "select" -> chosen(input, arguments, false, true);
            case "reject" -> chosen(input, arguments, false, false);
            case "selectattr" -> chosen(input, arguments, true, true);
            case "rejectattr" -> chosen(input, arguments, true, false);
            default -> throw meter.failure("there is no filter '" + name + "'; write the template without it");
        };
    }

    private List<Value> visited(Value input) {
        List<Value> items = selection.elements(input);
        meter.took(items.size());
        return items;
    }

    private Value edge(Value input, long place) {
        List<Value> items = visited(input);
        return items.isEmpty()
                ? new Value.Undefined("the first or last of nothing")
                : selection.item(Value.of(items), Value.of(place));
    }

    private Value items(Value input) {
        return switch (input) {
            case Value.Mapping(Map<String, Value> entries) -> {
                meter.took(entries.size());
                yield Methods.items(entries);
            }
            case Value.Undefined _ -> Value.of(List.<Value>of());
            case Value.Text _,
                    Value.Int _,
                    Value.Real _,
                    Value.Bool _,
                    Value.None _,
                    Value.Sequence _,
                    Value.Namespace _,
                    Value.Callable _ ->
                throw meter.failure("filter items needs a dictionary, but got " + Operators.kind(input)
                        + "; test it with 'is mapping' first");
        };
    }

    /// By keys; upper case counts as lower.
    private Value dictsort(Value input) {
        if (!(input instanceof Value.Mapping(Map<String, Value> entries))) {
            throw meter.failure("filter dictsort needs a dictionary, but got " + Operators.kind(input)
                    + "; test it with 'is mapping' first");
        }
        meter.took(entries.size());
        List<String> keys =
                entries.keySet().stream().sorted(String.CASE_INSENSITIVE_ORDER).toList();
        return Value.of(keys.stream()
                .map(key -> Value.of(List.of(Value.of(key), entries.getOrDefault(key, Value.NONE))))
                .toList());
    }

    private Value unique(Value input) {
        List<Value> seen = new ArrayList<>();
        for (Value item : visited(input)) {
            if (seen.stream().noneMatch(other -> operators.areEqual(other, item))) {
                seen.add(item);
            }
        }
        return Value.of(seen);
    }

    private Value joined(Value input, Arguments arguments) {
        String separator = arguments.optionalText(0, "d").orElse("");
        Optional<String> attribute = arguments.optionalText(1, "attribute");
        StringBuilder text = new StringBuilder();
        String between = "";
        for (Value item : visited(input)) {
            Value part = attribute.isPresent() ? attribute(item, attribute.get()) : item;
            String piece = Writing.printed(part, meter);
            meter.made((long) between.length() + piece.length());
            text.append(between).append(piece);
            between = separator;
        }
        return Value.of(text.toString());
    }

    /// `a.b` of an item.
    private Value attribute(Value item, String path) {
        Value value = item;
        int start = 0;
        for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', start)) {
            value = selection.item(value, Value.of(path.substring(start, dot)));
            start = dot + 1;
        }
        return selection.item(value, Value.of(path.substring(start)));
    }

    private Value mapped(Value input, Arguments arguments) {
        Optional<String> attribute =
                Optional.ofNullable(arguments.named().get("attribute")).map(name -> Writing.printed(name, meter));
        List<Value> mapped = new ArrayList<>();
        for (Value item : visited(input)) {
            if (attribute.isPresent()) {
                Value part = attribute(item, attribute.get());
                Value otherwise = arguments.named().getOrDefault("default", part);
                mapped.add(part instanceof Value.Undefined ? otherwise : part);
            } else {
                String name = arguments.text(0, "filter");
                mapped.add(filters.apply(name, item, rest(arguments, "filter " + name, 1)));
            }
        }
        return Value.of(mapped);
    }

    /// The elements that pass a test, or do not; with `byAttribute` one of their members is tested.
    private Value chosen(Value input, Arguments arguments, boolean byAttribute, boolean keeps) {
        int first = byAttribute ? 1 : 0;
        List<Value> chosen = new ArrayList<>();
        for (Value item : visited(input)) {
            Value tested = byAttribute ? attribute(item, arguments.text(0, "attribute")) : item;
            boolean holds = arguments.positional().size() <= first
                    ? Operators.isTrue(tested)
                    : tests.holds(
                            arguments.text(first, "test"),
                            tested,
                            rest(arguments, "test " + arguments.text(first, "test"), first + 1));
            if (holds == keeps) {
                chosen.add(item);
            }
        }
        return Value.of(chosen);
    }

    private Arguments rest(Arguments all, String what, int from) {
        List<Value> positional = all.positional();
        return new Arguments(
                what, positional.subList(Math.min(from, positional.size()), positional.size()), all.named(), meter);
    }
}
