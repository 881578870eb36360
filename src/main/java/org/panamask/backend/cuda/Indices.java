package org.panamask.backend.cuda;

import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.panamask.tensor.Tensor;

/// Whole numbers of the device that the host knows, because it uploaded them in the running job.
final class Indices {
    private final Map<Object, int[]> known = new IdentityHashMap<>();

    /// Knows nothing yet.
    Indices() {}

    /// Remembers what `tensor` holds.
    void remember(Tensor tensor, int[] values) {
        known.put(tensor.identity(), values.clone());
    }

    /// Forgets what a tensor held that is written to.
    void forget(Tensor tensor) {
        known.remove(tensor.identity());
    }

    /// What `tensor` holds; null where only the device knows.
    int @Nullable [] of(Tensor tensor) {
        return known.get(tensor.identity());
    }

    /// Forgets everything: the tensors have ended.
    void clear() {
        known.clear();
    }
}
