package org.panamask.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What signs do with values.
final class Operators {
    private final Meter meter;

    Operators(Meter meter) {
        this.meter = meter;
    }

    /// What a value is, for messages.
    static String kind(Value value) {
        return switch (value) {
            case Value.Text _ -> "a text";
            case Value.Int _, Value.Real _ -> "a number";
            case Value.Bool(boolean isTrue) -> isTrue ? "true" : "false";
            case Value.None() -> "none";
            case Value.Sequence _ -> "a list";
            case Value.Mapping _ -> "a dictionary";
            case Value.Undefined(String name) -> "'" + name + "', which is undefined";
            case Value.Namespace _ -> "a namespace";
            case Value.Callable _ -> "a function";
        };
    }

    static boolean isTrue(Value value) {
        return switch (value) {
            case Value.Text(String text) -> !text.isEmpty();
            case Value.Int(long number) -> number != 0;
            case Value.Real(double number) -> number != 0;
            case Value.Bool(boolean isTrue) -> isTrue;
            case Value.None _, Value.Undefined _ -> false;
            case Value.Sequence(List<Value> items) -> !items.isEmpty();
            case Value.Mapping(Map<String, Value> entries) -> !entries.isEmpty();
            case Value.Namespace _, Value.Callable _ -> true;
        };
    }

    Value binary(String sign, Value left, Value right) {
        return switch (sign) {
            case "~" -> joined(Writing.printed(left, meter), Writing.printed(right, meter));
            case "+" -> sum(left, right);
            case "*" -> product(left, right);
            default -> arithmetic(sign, left, right);
        };
    }

    private Value joined(String left, String right) {
        meter.made((long) left.length() + right.length());
        return Value.of(left + right);
    }

    private Value sum(Value left, Value right) {
        if (left instanceof Value.Text(String before) && right instanceof Value.Text(String behind)) {
            return joined(before, behind);
        }
        if (left instanceof Value.Sequence(List<Value> before) && right instanceof Value.Sequence(List<Value> behind)) {
            meter.made((long) before.size() + behind.size());
            List<Value> all = new ArrayList<>(before);
            all.addAll(behind);
            return Value.of(all);
        }
        return arithmetic("+", left, right);
    }

    private Value product(Value left, Value right) {
        if (left instanceof Value.Text(String text) && right instanceof Value.Int(long times)) {
            long count = Math.max(0, times);
            meter.made(text.isEmpty() ? 0 : saturated(count, text.length()));
            return Value.of(text.isEmpty() ? "" : text.repeat((int) count));
        }
        if (left instanceof Value.Int && right instanceof Value.Text) {
            return product(right, left);
        }
        return arithmetic("*", left, right);
    }

    private static long saturated(long a, long b) {
        return a > Long.MAX_VALUE / 4 / Math.max(1, b) ? Long.MAX_VALUE / 4 : a * b;
    }

    private Value arithmetic(String sign, Value left, Value right) {
        if (!isNumber(left) || !isNumber(right)) {
            throw meter.failure("'" + sign + "' needs values that it can join, but got " + kind(left) + " and "
                    + kind(right) + "; convert one");
        }
        try {
            boolean whole = isWhole(left) && isWhole(right) && !sign.equals("/");
            return whole
                    ? Value.of(whole(sign, whole(left), whole(right)))
                    : new Value.Real(real(sign, real(left), real(right)));
        } catch (ArithmeticException e) {
            throw meter.failure("'" + sign + "' must give a number of 64 bits, but got " + e.getMessage()
                    + "; take smaller numbers");
        }
    }

    private static long whole(String sign, long left, long right) {
        return switch (sign) {
            case "+" -> Math.addExact(left, right);
            case "-" -> Math.subtractExact(left, right);
            case "*" -> Math.multiplyExact(left, right);
            case "//" -> Math.floorDiv(left, right);
            case "%" -> Math.floorMod(left, right);
            default -> power(left, right);
        };
    }

    private static long power(long base, long exponent) {
        if (exponent < 0 || exponent > 64) {
            throw new ArithmeticException("the exponent " + exponent);
        }
        long power = 1;
        for (long i = 0; i < exponent; i++) {
            power = Math.multiplyExact(power, base);
        }
        return power;
    }

    private static double real(String sign, double left, double right) {
        if (right == 0 && "//%".contains(sign)) {
            throw new ArithmeticException("a division by zero");
        }
        return switch (sign) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> left / right;
            case "//" -> Math.floor(left / right);
            case "%" -> left - right * Math.floor(left / right);
            default -> Math.pow(left, right);
        };
    }

    static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
    }

    private static boolean isWhole(Value value) {
        return value instanceof Value.Int || value instanceof Value.Bool;
    }

    private static long whole(Value value) {
        return value instanceof Value.Int(long number) ? number : isTrue(value) ? 1 : 0;
    }

    static double real(Value value) {
        return value instanceof Value.Real(double number) ? number : whole(value);
    }

    boolean compares(String sign, Value left, Value right) {
        return switch (sign) {
            case "==" -> areEqual(left, right);
            case "!=" -> !areEqual(left, right);
            case "in" -> contains(right, left);
            case "not in" -> !contains(right, left);
            case "<" -> order(sign, left, right) < 0;
            case "<=" -> order(sign, left, right) <= 0;
            case ">" -> order(sign, left, right) > 0;
            default -> order(sign, left, right) >= 0;
        };
    }

    int order(String sign, Value left, Value right) {
        if (left instanceof Value.Text(String a) && right instanceof Value.Text(String b)) {
            meter.took(1 + Math.min(a.length(), b.length()) / 16);
            return a.compareTo(b);
        }
        if (isNumber(left) && isNumber(right)) {
            return isWhole(left) && isWhole(right)
                    ? Long.compare(whole(left), whole(right))
                    : Double.compare(real(left), real(right));
        }
        throw meter.failure("'" + sign + "' needs two texts or two numbers, but got " + kind(left) + " and "
                + kind(right) + "; convert one");
    }

    boolean areEqual(Value left, Value right) {
        meter.took(1);
        if (isNumber(left) && isNumber(right)) {
            return isWhole(left) && isWhole(right) ? whole(left) == whole(right) : real(left) == real(right);
        }
        return switch (left) {
            case Value.Text(String text) -> {
                meter.took(text.length() / 16);
                yield right instanceof Value.Text(String other) && text.equals(other);
            }
            case Value.None _ -> right instanceof Value.None;
            case Value.Undefined _ -> right instanceof Value.Undefined;
            case Value.Sequence(List<Value> items) ->
                right instanceof Value.Sequence(List<Value> others) && areEqual(items, others);
            case Value.Mapping(Map<String, Value> entries) ->
                right instanceof Value.Mapping(Map<String, Value> others)
                        && entries.keySet().equals(others.keySet())
                        && areEqual(
                                List.copyOf(entries.values()),
                                entries.keySet().stream().map(others::get).toList());
            case Value.Int _, Value.Real _, Value.Bool _, Value.Namespace _, Value.Callable _ -> false;
        };
    }

    private boolean areEqual(List<Value> left, List<Value> right) {
        if (left.size() != right.size()) {
            return false;
        }
        meter.enter();
        boolean equal = true;
        for (int i = 0; i < left.size() && equal; i++) {
            equal = areEqual(left.get(i), right.get(i));
        }
        meter.leave();
        return equal;
    }

    private boolean contains(Value whole, Value part) {
        return switch (whole) {
            case Value.Text(String text) -> {
                if (part instanceof Value.Text(String piece)) {
                    meter.took(1 + text.length() / 16);
                    yield text.contains(piece);
                }
                throw meter.failure("'in' a text needs a text, but got " + kind(part) + "; convert it");
            }
            case Value.Sequence(List<Value> items) -> items.stream().anyMatch(item -> areEqual(item, part));
            case Value.Mapping(Map<String, Value> entries) ->
                part instanceof Value.Text(String key) && entries.containsKey(key);
            case Value.Undefined _ -> false;
            case Value.Int _, Value.Real _, Value.Bool _, Value.None _, Value.Namespace _, Value.Callable _ ->
                throw meter.failure("'in' needs a text, a list or a dictionary behind it, but got " + kind(whole)
                        + "; test it with 'is' first");
        };
    }
}
