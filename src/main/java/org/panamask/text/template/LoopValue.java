package org.panamask.text.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What `loop` is within a loop over `items`.
///
/// @param items all that the loop visits
record LoopValue(List<Value> items) {
    Value at(int index) {
        int size = items.size();
        Map<String, Value> entries = new HashMap<>();
        entries.put("index", Value.of(index + 1));
        entries.put("index0", Value.of(index));
        entries.put("revindex", Value.of(size - index));
        entries.put("revindex0", Value.of(size - index - 1));
        entries.put("first", Value.of(index == 0));
        entries.put("last", Value.of(index == size - 1));
        entries.put("length", Value.of(size));
        entries.put("previtem", index == 0 ? new Value.Undefined("previtem") : items.get(index - 1));
        entries.put("nextitem", index == size - 1 ? new Value.Undefined("nextitem") : items.get(index + 1));
        return new Value.Mapping(entries);
    }
}
