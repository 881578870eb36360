package org.panamask.backend.cuda;

import java.util.Map;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.backend.cuda.attention.MaskTable;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Tensor;
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

    @Override
    public long attentionResult(Tensor q, KeyIntervals mask) {
        return q.shape().extent(1) * mask.count() * Float.BYTES;
    }

    /// Of the kernels of this project: the mask's table, and on the way back a number for each row and head and,
    /// for halves, the sums of the gradient of `q`.
    @Override
    public long attention(Tensor q, Tensor k, KeyIntervals mask, boolean gradients) {
        AttentionTiling tiling =
                AttentionTiling.of(q.dtype(), Math.toIntExact(q.shape().last()));
        long table = aligned(new MaskTable(mask, tiling.rows()).size() * (long) Integer.BYTES);
        if (!gradients) {
            return table;
        }
        long sums = tiling.isStreaming() ? 0 : aligned(q.count() * Float.BYTES);
        return table + aligned(attentionResult(q, mask)) + sums;
    }

    private static long aligned(long bytes) {
        return (bytes + DeviceSpace.ALIGNMENT - 1) / DeviceSpace.ALIGNMENT * DeviceSpace.ALIGNMENT;
    }
}
