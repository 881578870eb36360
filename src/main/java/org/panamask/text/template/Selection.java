package org.panamask.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Takes parts out of values: members, items, slices, elements.
final class Selection {
    private final Meter meter;

    Selection(Meter meter) {
        this.meter = meter;
    }

    /// `whole.name`; what is not there is undefined.
    Value member(Value whole, String name) {
        return switch (whole) {
            case Value.Mapping(Map<String, Value> entries) -> entries.getOrDefault(name, new Value.Undefined(name));
            case Value.Namespace(Map<String, Value> entries) -> entries.getOrDefault(name, new Value.Undefined(name));
            case Value.Undefined _ ->
                throw meter.failure("'" + name + "' needs a value before it, but got " + Operators.kind(whole)
                        + "; test it with 'is defined' first");
            case Value.Text _,
                    Value.Int _,
                    Value.Real _,
                    Value.Bool _,
                    Value.None _,
                    Value.Sequence _,
                    Value.Callable _ -> new Value.Undefined(name);
        };
    }

    /// `whole[key]`; what is not there is undefined.
    Value item(Value whole, Value key) {
        if (whole instanceof Value.Undefined) {
            throw meter.failure("[] needs a value before it, but got " + Operators.kind(whole)
                    + "; test it with 'is defined' first");
        }
        if (key instanceof Value.Text(String name)) {
            return whole instanceof Value.Sequence || whole instanceof Value.Text
                    ? new Value.Undefined(name)
                    : member(whole, name);
        }
        if (key instanceof Value.Int(long index)) {
            return switch (whole) {
                case Value.Sequence(List<Value> items) -> at(items, index);
                case Value.Text(String text) -> character(text, index);
                case Value.Int _,
                        Value.Real _,
                        Value.Bool _,
                        Value.None _,
                        Value.Mapping _,
                        Value.Undefined _,
                        Value.Namespace _,
                        Value.Callable _ -> new Value.Undefined(Long.toString(index));
            };
        }
        return new Value.Undefined("an item of " + Operators.kind(whole));
    }

    private static Value at(List<Value> items, long index) {
        long place = index < 0 ? index + items.size() : index;
        return place < 0 || place >= items.size() ? new Value.Undefined("item " + index) : items.get((int) place);
    }

    private Value character(String text, long index) {
        List<Value> characters = characters(text);
        return at(characters, index);
    }

    private List<Value> characters(String text) {
        meter.made(text.length());
        return text.codePoints().mapToObj(Character::toString).map(Value::of).toList();
    }

    /// The elements of a list, the characters of a text, the keys of a dictionary; nothing of what is undefined.
    List<Value> elements(Value value) {
        return switch (value) {
            case Value.Sequence(List<Value> items) -> items;
            case Value.Text(String text) -> characters(text);
            case Value.Mapping(Map<String, Value> entries) ->
                entries.keySet().stream().map(Value::of).toList();
            case Value.Undefined _ -> List.of();
            case Value.Int _, Value.Real _, Value.Bool _, Value.None _, Value.Namespace _, Value.Callable _ ->
                throw meter.failure("a list, a text or a dictionary is needed here, but got " + Operators.kind(value)
                        + "; test it with 'is iterable' first");
        };
    }

    /// `whole[from:to:step]` of a list or a text.
    Value slice(Value whole, Optional<Value> from, Optional<Value> to, Optional<Value> step) {
        boolean isText = whole instanceof Value.Text;
        if (!isText && !(whole instanceof Value.Sequence)) {
            throw meter.failure("a slice needs a list or a text, but got " + Operators.kind(whole)
                    + "; test it with 'is sequence' first");
        }
        List<Value> items = elements(whole);
        long stride = whole("step", step).orElse(1L);
        if (stride == 0) {
            throw meter.failure("the step of a slice must not be 0, but is; take another");
        }
        List<Value> taken = new ArrayList<>();
        long size = items.size();
        long least = stride > 0 ? 0 : -1;
        long start = bound(whole("from", from), stride > 0 ? 0 : size - 1, size, least);
        long end = bound(whole("to", to), stride > 0 ? size : -1, size, least);
        for (long i = start; stride > 0 ? i < end : i > end; i += stride) {
            taken.add(items.get((int) i));
        }
        meter.made(taken.size());
        if (!isText) {
            return Value.of(taken);
        }
        StringBuilder text = new StringBuilder();
        taken.forEach(one -> text.append(Writing.printed(one, meter)));
        return Value.of(text.toString());
    }

    private static long bound(Optional<Long> given, long otherwise, long size, long least) {
        if (given.isEmpty()) {
            return otherwise;
        }
        long place = given.get() < 0 ? given.get() + size : given.get();
        return Math.clamp(place, least, least == 0 ? size : size - 1);
    }

    private Optional<Long> whole(String what, Optional<Value> bound) {
        return bound.filter(value -> !(value instanceof Value.None)).map(value -> {
            if (value instanceof Value.Int(long number)) {
                return Math.clamp(number, Integer.MIN_VALUE, (long) Integer.MAX_VALUE);
            }
            throw meter.failure("the '" + what + "' of a slice must be a whole number, but is " + Operators.kind(value)
                    + "; convert it");
        });
    }

    /// `range(stop)` or `range(start, stop, step)`.
    Value range(Arguments arguments) {
        boolean single = arguments.positional().size() == 1;
        long start = single ? 0 : arguments.whole(0, "start", 0);
        long stop = arguments.whole(single ? 0 : 1, "stop", 0);
        long step = arguments.whole(2, "step", 1);
        if (step == 0) {
            throw meter.failure("the step of range must not be 0, but is; take another");
        }
        List<Value> numbers = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            meter.took(1);
            numbers.add(Value.of(i));
        }
        return Value.of(numbers);
    }
}
