package org.panamask.text.template;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The values given to a function, a filter or a test.
///
/// @param what it is called, for messages
/// @param positional values by place
/// @param named values by name
/// @param meter ends the rendering
record Arguments(String what, List<Value> positional, Map<String, Value> named, Meter meter) {
    /// The argument at `place`, which may also be given as `name`.
    Optional<Value> optional(int place, String name) {
        return place < positional.size() ? Optional.of(positional.get(place)) : Optional.ofNullable(named.get(name));
    }

    Value required(int place, String name) {
        return optional(place, name)
                .orElseThrow(() -> meter.failure(what + " needs the argument '" + name + "', but got none; give it"));
    }

    String text(int place, String name) {
        return text(name, required(place, name));
    }

    Optional<String> optionalText(int place, String name) {
        return optional(place, name)
                .filter(value -> !(value instanceof Value.None))
                .map(value -> text(name, value));
    }

    private String text(String name, Value value) {
        if (value instanceof Value.Text(String text)) {
            return text;
        }
        throw meter.failure(
                what + " needs a text for '" + name + "', but got " + Operators.kind(value) + "; give it a text");
    }

    long whole(int place, String name, long otherwise) {
        return switch (optional(place, name).orElse(Value.NONE)) {
            case Value.Int(long number) -> number;
            case Value.None _ -> otherwise;
            case Value value ->
                throw meter.failure(what + " needs a whole number for '" + name + "', but got " + Operators.kind(value)
                        + "; give it a number");
        };
    }

    boolean flag(int place, String name) {
        return optional(place, name).map(Operators::isTrue).orElse(false);
    }

    /// Refuses more than `most` values, and names that are not among `names`.
    Arguments atMost(int most, String... names) {
        if (positional.size() > most) {
            throw meter.failure(what + " takes at most " + most + " arguments, but got " + positional.size()
                    + "; leave the others out");
        }
        for (String name : named.keySet()) {
            if (!List.of(names).contains(name)) {
                throw meter.failure(what + " has no argument '" + name + "'; leave it out");
            }
        }
        return this;
    }
}
