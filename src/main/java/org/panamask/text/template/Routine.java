package org.panamask.text.template;

/// What a [Value.Callable] does: a macro, a method of a value, or one of the few functions every template has.
sealed interface Routine {
    /// A macro of the template.
    ///
    /// @param macro its parameters and body
    /// @param home the variables of the place where it was defined
    record MacroCall(Statement.Macro macro, Variables home) implements Routine {}

    /// A method of `receiver`.
    ///
    /// @param receiver the value before the dot
    /// @param name after the dot
    record Method(Value receiver, String name) implements Routine {}

    /// A function by name.
    ///
    /// @param name of the function
    record Function(String name) implements Routine {}
}
