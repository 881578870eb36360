package org.panamask.text.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Runs the statements of a template once.
final class Interpreter {
    private static final List<String> FUNCTIONS = List.of("raise_exception", "namespace", "dict", "range");

    private final Meter meter;
    private final Evaluator evaluator;
    private final List<Rendering.Span> answers = new ArrayList<>();
    private final StringBuilder whole = new StringBuilder();

    /// How a statement ends.
    private enum Way {
        /// The next one follows.
        ON,
        /// The loop ends.
        OUT,
        /// The next round of the loop begins.
        AGAIN
    }

    private Interpreter(Meter meter) {
        this.meter = meter;
        this.evaluator = new Evaluator(meter, this::called);
    }

    static Rendering render(List<Statement> statements, Map<String, Value> values, Meter meter) {
        Map<String, Value> all = new HashMap<>();
        FUNCTIONS.forEach(name -> all.put(name, new Value.Callable(new Routine.Function(name))));
        all.putAll(values);
        Interpreter interpreter = new Interpreter(meter);
        interpreter.run(statements, Variables.of(all), interpreter.whole);
        return new Rendering(interpreter.whole.toString(), interpreter.answers);
    }

    private Way run(List<Statement> statements, Variables variables, StringBuilder out) {
        meter.enter();
        Way way = Way.ON;
        for (int i = 0; i < statements.size() && way == Way.ON; i++) {
            meter.at(statements.get(i).line());
            way = run(statements.get(i), variables, out);
        }
        meter.leave();
        return way;
    }

    private Way run(Statement statement, Variables variables, StringBuilder out) {
        return switch (statement) {
            case Statement.Literal(String text, int _) -> written(text, out);
            case Statement.Print(Expression value, int _) ->
                written(Writing.printed(evaluator.value(value, variables), meter), out);
            case Statement.If(List<Statement.Branch> branches, int _) -> {
                for (Statement.Branch branch : branches) {
                    if (evaluator.isTrue(branch.condition(), variables)) {
                        yield run(branch.body(), variables, out);
                    }
                }
                yield Way.ON;
            }
            case Statement.For loop -> loop(loop, variables, out);
            case Statement.Set(List<String> names, Expression value, int _) -> {
                assign(names, evaluator.value(value, variables), variables);
                yield Way.ON;
            }
            case Statement.SetMember member -> setMember(member, variables);
            case Statement.SetBlock(String name, List<Statement> body, int _) -> {
                StringBuilder block = new StringBuilder();
                run(body, variables.within(), block);
                variables.set(name, Value.of(block.toString()));
                yield Way.ON;
            }
            case Statement.Macro macro -> {
                variables.set(macro.name(), new Value.Callable(new Routine.MacroCall(macro, variables)));
                yield Way.ON;
            }
            case Statement.Generation(List<Statement> body, int _) -> {
                int from = out.length();
                Way way = run(body, variables.within(), out);
                if (out == whole) {
                    answers.add(new Rendering.Span(from, out.length()));
                }
                yield way;
            }
            case Statement.Break _ -> Way.OUT;
            case Statement.Continue _ -> Way.AGAIN;
        };
    }

    private Way written(String text, StringBuilder out) {
        meter.made(text.length());
        out.append(text);
        return Way.ON;
    }

    private Way setMember(Statement.SetMember member, Variables variables) {
        Value value = evaluator.value(member.value(), variables);
        Value target = variables.value(member.namespace());
        if (!(target instanceof Value.Namespace(Map<String, Value> entries))) {
            throw meter.failure("only members of a namespace can be set, but '" + member.namespace() + "' is "
                    + Operators.kind(target) + "; make it with namespace()");
        }
        entries.put(member.name(), value);
        return Way.ON;
    }

    private void assign(List<String> names, Value value, Variables variables) {
        if (names.size() == 1) {
            variables.set(names.getFirst(), value);
            return;
        }
        List<Value> parts = evaluator.elements(value);
        if (parts.size() != names.size()) {
            throw meter.failure(
                    names.size() + " names need as many values, but got " + parts.size() + "; name all of them");
        }
        for (int i = 0; i < parts.size(); i++) {
            variables.set(names.get(i), parts.get(i));
        }
    }

    private Way loop(Statement.For loop, Variables variables, StringBuilder out) {
        List<Value> all = evaluator.elements(evaluator.value(loop.values(), variables));
        List<Value> items =
                loop.only().isPresent() ? chosen(loop, all, loop.only().get(), variables) : all;
        if (items.isEmpty()) {
            return run(loop.otherwise(), variables, out);
        }
        LoopValue state = new LoopValue(items);
        for (int i = 0; i < items.size(); i++) {
            meter.took(1);
            Variables round = variables.within();
            assign(loop.names(), items.get(i), round);
            round.set("loop", state.at(i));
            if (run(loop.body(), round, out) == Way.OUT) {
                break;
            }
        }
        return Way.ON;
    }

    private List<Value> chosen(Statement.For loop, List<Value> all, Expression only, Variables variables) {
        List<Value> chosen = new ArrayList<>();
        for (Value item : all) {
            meter.took(1);
            Variables round = variables.within();
            assign(loop.names(), item, round);
            if (evaluator.isTrue(only, round)) {
                chosen.add(item);
            }
        }
        return chosen;
    }

    private Value called(Routine.MacroCall call, Arguments arguments) {
        Statement.Macro macro = call.macro();
        List<String> names = List.copyOf(macro.parameters().keySet());
        arguments.atMost(names.size(), names.toArray(String[]::new));
        Variables inside = call.home().within();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            Optional<Expression> otherwise = macro.parameters().getOrDefault(name, Optional.empty());
            inside.set(
                    name,
                    arguments
                            .optional(i, name)
                            .orElseGet(() -> otherwise
                                    .map(expression -> evaluator.value(expression, inside))
                                    .orElse(new Value.Undefined(name))));
        }
        StringBuilder out = new StringBuilder();
        run(macro.body(), inside, out);
        return Value.of(out.toString());
    }
}
