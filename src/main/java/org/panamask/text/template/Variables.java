package org.panamask.text.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The variables that a place in a template sees: its own, and behind them those around it.
final class Variables {
    private final @Nullable Variables around;
    private final Map<String, Value> own = new HashMap<>();

    private Variables(@Nullable Variables around) {
        this.around = around;
    }

    static Variables of(Map<String, Value> values) {
        Variables variables = new Variables(null);
        variables.own.putAll(values);
        return variables;
    }

    /// A place within: what is set there is not seen outside.
    Variables within() {
        return new Variables(this);
    }

    void set(String name, Value value) {
        own.put(name, value);
    }

    Value value(String name) {
        for (Variables place = this; place != null; place = place.around) {
            Value value = place.own.get(name);
            if (value != null) {
                return value;
            }
        }
        return new Value.Undefined(name);
    }
}
