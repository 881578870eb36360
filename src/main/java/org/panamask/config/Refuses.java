package org.panamask.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Keys that people expect in a settings record because other programs have them, and what to do instead.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Refuses {
    /// The keys.
    Entry[] value();

    /// One key.
    @interface Entry {
        /// The key as people write it.
        String key();

        /// Why it is not taken and what to do instead; the end of a sentence.
        String why();
    }
}
