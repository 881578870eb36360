package org.panamask.config;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Another name of a key, as other programs spell it.
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface Alias {
    /// The other name.
    String value();

    /// Where its values differ from those of the key: `true = [eos]`. Empty where they are the same.
    String[] meaning() default {};
}
