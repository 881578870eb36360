package org.panamask.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names one record of a sealed settings interface; the key `mode` picks it.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Mode {
    /// The name written after `mode:`.
    String value();

    /// The meaning, as one sentence without the final stop.
    String doc();
}
