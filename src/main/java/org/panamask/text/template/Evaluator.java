package org.panamask.text.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Computes expressions.
final class Evaluator {
    private final Meter meter;
    private final Operators operators;
    private final Selection selection;
    private final Methods methods;
    private final Filters filters;
    private final Tests tests;
    private final Macros macros;

    /// What a macro of the template writes when it is called.
    @FunctionalInterface
    interface Macros {
        Value call(Routine.MacroCall macro, Arguments arguments);
    }

    Evaluator(Meter meter, Macros macros) {
        this.meter = meter;
        this.macros = macros;
        this.operators = new Operators(meter);
        this.selection = new Selection(meter);
        this.methods = new Methods(meter, operators);
        this.tests = new Tests(meter, operators);
        this.filters = new Filters(meter, operators, tests);
    }

    boolean isTrue(Expression expression, Variables variables) {
        return Operators.isTrue(value(expression, variables));
    }

    Value value(Expression expression, Variables variables) {
        meter.at(expression.line());
        meter.enter();
        Value value = computed(expression, variables);
        meter.leave();
        return value;
    }

    private Value computed(Expression expression, Variables variables) {
        return switch (expression) {
            case Expression.Literal(Value value, int _) -> value;
            case Expression.Name(String name, int _) -> variables.value(name);
            case Expression.ListOf(List<Expression> items, int _) -> Value.of(all(items, variables));
            case Expression.MapOf map -> mapping(map, variables);
            case Expression.Attribute(Expression target, String name, int line) ->
                member(value(target, variables), name, line);
            case Expression.Item(Expression target, Expression key, int line) -> {
                Value whole = value(target, variables);
                Value wanted = value(key, variables);
                meter.at(line);
                yield selection.item(whole, wanted);
            }
            case Expression.Slice slice -> slice(slice, variables);
            case Expression.Call call -> call(call, variables);
            case Expression.Filter(Expression target, String name, Expression.Arguments given, int line) -> {
                Value input = value(target, variables);
                Arguments arguments = arguments("filter " + name, given, variables);
                meter.at(line);
                yield filters.apply(name, input, arguments);
            }
            case Expression.Test(Expression target, String name, Expression.Arguments given, int line) -> {
                Value input = value(target, variables);
                Arguments arguments = arguments("test " + name, given, variables);
                meter.at(line);
                yield Value.of(tests.holds(name, input, arguments));
            }
            case Expression.Not(Expression operand, int _) -> Value.of(!isTrue(operand, variables));
            case Expression.Minus(Expression operand, int _) ->
                operators.binary("-", Value.of(0), value(operand, variables));
            case Expression.Binary(String sign, Expression left, Expression right, int line) -> {
                Value before = value(left, variables);
                Value behind = value(right, variables);
                meter.at(line);
                yield operators.binary(sign, before, behind);
            }
            case Expression.Both(boolean isAnd, Expression left, Expression right, int _) -> {
                Value before = value(left, variables);
                yield Operators.isTrue(before) == isAnd ? value(right, variables) : before;
            }
            case Expression.Comparison comparison -> Value.of(holds(comparison, variables));
            case Expression.Conditional(Expression condition, Expression then, Optional<Expression> otherwise, int _) ->
                isTrue(condition, variables)
                        ? value(then, variables)
                        : otherwise
                                .map(other -> value(other, variables))
                                .orElse(new Value.Undefined("the other case of an if"));
        };
    }

    private List<Value> all(List<Expression> expressions, Variables variables) {
        meter.made(expressions.size());
        List<Value> values = new ArrayList<>();
        for (Expression expression : expressions) {
            values.add(value(expression, variables));
        }
        return values;
    }

    private Value mapping(Expression.MapOf map, Variables variables) {
        Map<String, Value> entries = new LinkedHashMap<>();
        for (Expression.Entry entry : map.entries()) {
            Value key = value(entry.key(), variables);
            if (!(key instanceof Value.Text(String name))) {
                throw meter.failure(
                        "a dictionary must have texts for keys, but got " + Operators.kind(key) + "; convert it");
            }
            entries.put(name, value(entry.value(), variables));
        }
        return Value.of(entries);
    }

    private Value member(Value whole, String name, int line) {
        meter.at(line);
        return Methods.has(whole, name)
                ? new Value.Callable(new Routine.Method(whole, name))
                : selection.member(whole, name);
    }

    private Value slice(Expression.Slice slice, Variables variables) {
        Value whole = value(slice.target(), variables);
        Optional<Value> from = slice.from().map(bound -> value(bound, variables));
        Optional<Value> to = slice.to().map(bound -> value(bound, variables));
        Optional<Value> step = slice.step().map(bound -> value(bound, variables));
        meter.at(slice.line());
        return selection.slice(whole, from, to, step);
    }

    private boolean holds(Expression.Comparison comparison, Variables variables) {
        Value left = value(comparison.first(), variables);
        for (Expression.Comparand next : comparison.rest()) {
            Value right = value(next.operand(), variables);
            meter.at(comparison.line());
            if (!operators.compares(next.sign(), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Arguments arguments(String what, Expression.Arguments given, Variables variables) {
        Map<String, Value> named = new LinkedHashMap<>();
        List<Value> positional = all(given.positional(), variables);
        given.named().forEach((name, expression) -> named.put(name, value(expression, variables)));
        return new Arguments(what, positional, named, meter);
    }

    private Value call(Expression.Call call, Variables variables) {
        Value target = value(call.target(), variables);
        if (!(target instanceof Value.Callable(Routine routine))) {
            throw meter.failure("only functions, macros and methods can be called, but got " + Operators.kind(target)
                    + "; take the brackets away");
        }
        return switch (routine) {
            case Routine.MacroCall macro -> {
                Arguments arguments = arguments("macro " + macro.macro().name(), call.arguments(), variables);
                meter.at(call.line());
                yield macros.call(macro, arguments);
            }
            case Routine.Method(Value receiver, String name) -> {
                Arguments arguments = arguments(name, call.arguments(), variables);
                meter.at(call.line());
                yield methods.call(receiver, name, arguments);
            }
            case Routine.Function(String name) -> {
                Arguments arguments = arguments(name, call.arguments(), variables);
                meter.at(call.line());
                yield function(name, arguments);
            }
        };
    }

    private Value function(String name, Arguments arguments) {
        return switch (name) {
            case "raise_exception" ->
                throw meter.failure("the template refuses this conversation: "
                        + arguments
                                .optional(0, "message")
                                .map(message -> Writing.printed(message, meter))
                                .orElse("")
                        + "; change the messages");
            case "namespace" -> new Value.Namespace(new LinkedHashMap<>(members(arguments)));
            case "dict" -> Value.of(members(arguments));
            default -> selection.range(arguments);
        };
    }

    private static Map<String, Value> members(Arguments arguments) {
        Map<String, Value> members = new LinkedHashMap<>();
        if (arguments.optional(0, "").orElse(Value.NONE) instanceof Value.Mapping(Map<String, Value> entries)) {
            members.putAll(entries);
        }
        members.putAll(arguments.named());
        return members;
    }

    /// The elements that a loop over `value` visits.
    List<Value> elements(Value value) {
        return selection.elements(value);
    }
}
