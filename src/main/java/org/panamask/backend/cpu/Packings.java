package org.panamask.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import org.panamask.ffi.DnnlAttributes;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlMemoryDesc;
import org.panamask.ffi.DnnlOperations;
import org.panamask.ffi.DnnlPrimitiveDesc;

/// The layouts that oneDNN wants weights in. A weight is packed once for products with any number of rows, so the
/// layout is the one chosen for a typical number.
final class Packings implements AutoCloseable {
    private static final long TYPICAL_ROWS = 256;

    private final DnnlEngine engine;
    private final Map<Layout, DnnlMemoryDesc> chosen = new HashMap<>();

    Packings(DnnlEngine engine) {
        this.engine = engine;
    }

    /// The layout for the weights `[K, N]` of a product.
    DnnlMemoryDesc of(Layout weights) {
        return chosen.computeIfAbsent(weights, this::choose);
    }

    private DnnlMemoryDesc choose(Layout weights) {
        try (DnnlAttributes attributes = DnnlAttributes.create(engine);
                DnnlMemoryDesc src = DnnlMemoryDesc.dense(engine, weights.type(), TYPICAL_ROWS, weights.rows());
                DnnlMemoryDesc any = DnnlMemoryDesc.any(engine, weights.type(), weights.rows(), weights.columns());
                DnnlMemoryDesc dst = DnnlMemoryDesc.dense(engine, weights.type(), TYPICAL_ROWS, weights.columns());
                DnnlPrimitiveDesc plan = new DnnlOperations(engine, attributes).matmul(src, any, dst)) {
            return plan.weights();
        }
    }

    @Override
    public void close() {
        chosen.values().forEach(DnnlMemoryDesc::close);
        chosen.clear();
    }
}
