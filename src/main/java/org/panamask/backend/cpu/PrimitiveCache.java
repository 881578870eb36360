package org.panamask.backend.cpu;

import java.util.LinkedHashMap;
import java.util.Map;
import org.panamask.ffi.DnnlEngine;

/// The primitives compiled so far, at most `capacity`; the one unused for longest goes first.
final class PrimitiveCache implements AutoCloseable {
    private final DnnlEngine engine;
    private final Packings packings;
    private final Map<Plan, Prepared> kept;

    PrimitiveCache(DnnlEngine engine, Packings packings, int capacity) {
        this.engine = engine;
        this.packings = packings;
        this.kept = new LinkedHashMap<>(capacity, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Plan, Prepared> eldest) {
                if (size() <= capacity) {
                    return false;
                }
                eldest.getValue().close();
                return true;
            }
        };
    }

    /// The primitive of `plan`, compiled at its first use.
    Prepared of(Plan plan) {
        Prepared present = kept.get(plan);
        if (present != null) {
            return present;
        }
        Prepared fresh = compile(plan);
        kept.put(plan, fresh);
        return fresh;
    }

    /// A primitive that is used once; the caller closes it.
    Prepared compile(Plan plan) {
        try (Preparation preparation = new Preparation(engine, packings)) {
            return plan.prepare(preparation);
        }
    }

    @Override
    public void close() {
        kept.values().forEach(Prepared::close);
        kept.clear();
    }
}
