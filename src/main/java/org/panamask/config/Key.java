package org.panamask.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Describes one component of a settings record. The component `learningRate` is written `learning_rate`.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {
    /// Stands for "no default" in [#value()].
    String NO_DEFAULT = "(none)";

    /// The default as it would be written in a recipe. Without one the key is required, unless the component is an
    /// `Optional` or a record whose own keys have defaults.
    String value() default NO_DEFAULT;

    /// The meaning, with unit and range, as one sentence without the final stop.
    String doc();

    /// Whether a single value written in place of the whole record fills this component.
    boolean shorthand() default false;

    /// Whether the keys of this component, a record, stand beside those of the record that it is part of.
    boolean inline() default false;

    /// Other names that the key is known by.
    Alias[] aliases() default {};
}
