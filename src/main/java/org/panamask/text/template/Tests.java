package org.panamask.text.template;

import java.util.Locale;

/// What stands behind `is`.
final class Tests {
    private final Meter meter;
    private final Operators operators;

    Tests(Meter meter, Operators operators) {
        this.meter = meter;
        this.operators = operators;
    }

    boolean holds(String name, Value value, Arguments arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Value.Undefined);
            case "undefined" -> value instanceof Value.Undefined;
            case "none" -> value instanceof Value.None;
            case "string" -> value instanceof Value.Text;
            case "mapping" -> value instanceof Value.Mapping;
            case "sequence" ->
                value instanceof Value.Sequence || value instanceof Value.Text || value instanceof Value.Mapping;
            case "iterable" ->
                value instanceof Value.Sequence
                        || value instanceof Value.Text
                        || value instanceof Value.Mapping
                        || value instanceof Value.Undefined;
            case "number" -> Operators.isNumber(value);
            case "integer" -> value instanceof Value.Int;
            case "float" -> value instanceof Value.Real;
            case "boolean" -> value instanceof Value.Bool;
            case "true" -> value instanceof Value.Bool(boolean isTrue) && isTrue;
            case "false" -> value instanceof Value.Bool(boolean isTrue) && !isTrue;
            case "callable" -> value instanceof Value.Callable;
            case "lower" ->
                value instanceof Value.Text(String text)
                        && !text.equals(text.toUpperCase(Locale.ROOT))
                        && text.equals(text.toLowerCase(Locale.ROOT));
            case "upper" ->
                value instanceof Value.Text(String text)
                        && !text.equals(text.toLowerCase(Locale.ROOT))
                        && text.equals(text.toUpperCase(Locale.ROOT));
            case "odd" -> remainder(value, 2) == 1;
            case "even" -> remainder(value, 2) == 0;
            case "divisibleby" -> remainder(value, arguments.whole(0, "num", 1)) == 0;
            default -> compares(name, value, arguments);
        };
    }

    private boolean compares(String name, Value value, Arguments arguments) {
        String sign = switch (name) {
            case "eq", "equalto", "==", "sameas" -> "==";
            case "ne", "!=" -> "!=";
            case "lt", "lessthan", "<" -> "<";
            case "le", "<=" -> "<=";
            case "gt", "greaterthan", ">" -> ">";
            case "ge", ">=" -> ">=";
            case "in" -> "in";
            default -> throw meter.failure("there is no test '" + name + "'; write the template without it");
        };
        return operators.compares(sign, value, arguments.required(0, "other"));
    }

    private long remainder(Value value, long divisor) {
        if (value instanceof Value.Int(long number) && divisor != 0) {
            return Math.floorMod(number, divisor);
        }
        throw meter.failure("even, odd and divisibleby need whole numbers other than 0, but got "
                + Operators.kind(value) + "; convert it");
    }
}
