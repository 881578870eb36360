package org.panamask.text.template;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// The methods of texts, lists and dictionaries.
final class Methods {
    private static final Set<String> OF_MAPPINGS = Set.of("items", "keys", "values", "get");
    private static final Set<String> OF_LISTS = Set.of("index", "count");

    private final Meter meter;
    private final Operators operators;
    private final TextMethods texts;

    Methods(Meter meter, Operators operators) {
        this.meter = meter;
        this.operators = operators;
        this.texts = new TextMethods(meter);
    }

    static boolean has(Value value, String name) {
        return switch (value) {
            case Value.Text _ -> TextMethods.NAMES.contains(name);
            case Value.Mapping _ -> OF_MAPPINGS.contains(name);
            case Value.Sequence _ -> OF_LISTS.contains(name);
            case Value.Int _,
                    Value.Real _,
                    Value.Bool _,
                    Value.None _,
                    Value.Undefined _,
                    Value.Namespace _,
                    Value.Callable _ -> false;
        };
    }

    Value call(Value receiver, String name, Arguments arguments) {
        return switch (receiver) {
            case Value.Text(String text) -> texts.call(text, name, arguments);
            case Value.Mapping(Map<String, Value> entries) -> ofMapping(entries, name, arguments);
            case Value.Sequence(List<Value> items) -> ofList(items, name, arguments);
            case Value.Int _,
                    Value.Real _,
                    Value.Bool _,
                    Value.None _,
                    Value.Undefined _,
                    Value.Namespace _,
                    Value.Callable _ ->
                throw meter.failure(
                        Operators.kind(receiver) + " must not be asked for '" + name + "'; it has no methods");
        };
    }

    private Value ofMapping(Map<String, Value> entries, String name, Arguments arguments) {
        meter.made(entries.size());
        return switch (name) {
            case "keys" -> Value.of(entries.keySet().stream().map(Value::of).toList());
            case "values" -> Value.of(List.copyOf(entries.values()));
            case "items" -> items(entries);
            default ->
                entries.getOrDefault(
                        arguments.text(0, "key"),
                        arguments.optional(1, "default").orElse(Value.NONE));
        };
    }

    static Value items(Map<String, Value> entries) {
        return Value.of(entries.entrySet().stream()
                .map(entry -> Value.of(List.of(Value.of(entry.getKey()), entry.getValue())))
                .toList());
    }

    private Value ofList(List<Value> items, String name, Arguments arguments) {
        Value wanted = arguments.required(0, "value");
        int count = 0;
        for (int i = 0; i < items.size(); i++) {
            if (operators.areEqual(items.get(i), wanted)) {
                if (name.equals("index")) {
                    return Value.of(i);
                }
                count++;
            }
        }
        if (name.equals("index")) {
            throw meter.failure("index needs a value of the list, but got another; test it with 'in' first");
        }
        return Value.of(count);
    }
}
