package org.panamask.backend.cuda;

import java.util.Map;
import org.panamask.tensor.DType;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Weight;

/// What a device holds besides tensors.
///
/// @param kept bytes that it keeps as long as it runs, by their line in the ledger
record CudaMemoryModel(Map<String, Long> kept) implements MemoryModel {
    /// Copies the lines.
    CudaMemoryModel {
        kept = Map.copyOf(kept);
    }

    @Override
    public long alignment() {
        return DeviceSpace.ALIGNMENT;
    }

    /// One copy serves both directions: see [CudaWeight].
    @Override
    public long form(Weight weight, DType dtype, Direction direction) {
        return switch (direction) {
            case FORWARD -> weight.value().dtype() == dtype ? 0 : weight.shape().count() * dtype.bytes();
            case BACKWARD -> 0;
        };
    }
}
