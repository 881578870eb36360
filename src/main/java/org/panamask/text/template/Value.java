package org.panamask.text.template;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What templates compute with. There are no others: a template cannot reach objects of Java.
public sealed interface Value {
    /// Nothing, `none` in templates.
    Value NONE = new None();

    /// True.
    Value TRUE = new Bool(true);

    /// False.
    Value FALSE = new Bool(false);

    /// A text.
    ///
    /// @param text its characters
    record Text(String text) implements Value {}

    /// A whole number.
    ///
    /// @param number its size
    record Int(long number) implements Value {}

    /// A number with a fraction.
    ///
    /// @param number its size
    record Real(double number) implements Value {}

    /// True or false.
    ///
    /// @param isTrue which
    record Bool(boolean isTrue) implements Value {}

    /// Nothing.
    record None() implements Value {}

    /// Values in order.
    ///
    /// @param items the values
    record Sequence(List<Value> items) implements Value {
        /// Copies the list.
        public Sequence {
            items = List.copyOf(items);
        }
    }

    /// Values by name, in order.
    ///
    /// @param entries the values
    record Mapping(Map<String, Value> entries) implements Value {
        /// Copies the map.
        public Mapping {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }
    }

    /// A name without a value.
    ///
    /// @param name as the template has it
    record Undefined(String name) implements Value {}

    /// The one value that changes: `namespace()` of a template.
    ///
    /// @param entries its members
    record Namespace(Map<String, Value> entries) implements Value {}

    /// Something to call.
    ///
    /// @param routine what happens then
    record Callable(Routine routine) implements Value {}

    /// A text.
    static Value of(String text) {
        return new Text(text);
    }

    /// A whole number.
    static Value of(long number) {
        return new Int(number);
    }

    /// True or false.
    static Value of(boolean isTrue) {
        return isTrue ? TRUE : FALSE;
    }

    /// Values in order.
    static Value of(List<? extends Value> items) {
        return new Sequence(List.copyOf(items));
    }

    /// Values by name, in the order of the map.
    static Value of(Map<String, ? extends Value> entries) {
        return new Mapping(Collections.unmodifiableMap(new LinkedHashMap<>(entries)));
    }
}
