package org.panamask.backend.cuda;

import java.util.Map;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.ProductMode;
import org.panamask.backend.cuda.attention.AttentionTiling;
import org.panamask.backend.cuda.attention.MaskTable;
import org.panamask.backend.host.Float8;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What a device holds besides tensors.
///
/// @param kept bytes that it keeps as long as it runs, by their line in the ledger
/// @param how what of the settings it depends on
record CudaMemoryModel(Map<String, Long> kept, How how) implements MemoryModel {
    /// What matters of the settings.
    ///
    /// @param steady whether rows are multiplied in whole steps, see [Products]
    /// @param eightBits whether frozen matrices are multiplied in 8 bits
    /// @param deterministic whether gradients of queries are summed in one order
    record How(boolean steady, boolean eightBits, boolean deterministic) {
        static How of(BackendSettings settings) {
            return new How(
                    settings.products() == ProductMode.STEADY,
                    settings.dtype() == Precision.FP8,
                    settings.deterministic());
        }
    }

    /// Copies the lines.
    CudaMemoryModel {
        kept = Map.copyOf(kept);
    }

    @Override
    public long alignment() {
        return DeviceSpace.ALIGNMENT;
    }

    @Override
    public int roundRows(int wanted, int all) {
        return RowBuckets.round(wanted, all);
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
    public boolean roundsToEightBits(Weight weight) {
        return how.eightBits() && Float8.multiplies(weight);
    }

    /// Both ways round, and what products multiply with.
    @Override
    public long eightBitForm(Weight weight) {
        return 2 * aligned(weight.shape().count()) + aligned(Float.BYTES);
    }

    /// The codes of the left operand with their scale and its largest magnitude, and the result where rows
    /// are added.
    @Override
    public long eightBitProduct(long rows, long in, long out, DType dtype) {
        long whole = EightBits.padded(rows);
        long codes = aligned(whole * in) + 2 * aligned(Float.BYTES);
        return whole == rows ? codes : codes + aligned(whole * out * dtype.bytes());
    }

    @Override
    public long attentionResult(Tensor q, KeyIntervals mask) {
        return q.shape().extent(1) * mask.count() * Float.BYTES;
    }

    /// Of the kernels of this project: the mask's table, and on the way back a number for each row and head and,
    /// for halves in no fixed order, the sums of the gradient of `q`.
    @Override
    public long attention(Tensor q, Tensor k, KeyIntervals mask, boolean gradients) {
        AttentionTiling tiling =
                AttentionTiling.of(q.dtype(), Math.toIntExact(q.shape().last()));
        long table = aligned(new MaskTable(mask, tiling.rows()).size() * (long) Integer.BYTES);
        if (!gradients) {
            return table;
        }
        long sums = tiling.isStreaming() || how.deterministic() ? 0 : aligned(q.count() * Float.BYTES);
        return table + aligned(attentionResult(q, mask)) + sums;
    }

    /// The logits of a chunk of rows, and on the way back their errors and the gradients of the chunk's states.
    @Override
    public long head(Shape head, long rows, DType dtype, boolean gradients) {
        long vocabulary = head.extent(0);
        long chunk = Math.min(Head.chunkRows(vocabulary, Head.CHUNK_BYTES), rows);
        long logits = aligned(chunk * vocabulary * Float.BYTES);
        long forward = logits + copied(chunk, head.last() * dtype.bytes(), vocabulary * Float.BYTES);
        if (!gradients) {
            return forward;
        }
        long errors = dtype == DType.F32 ? 0 : aligned(chunk * vocabulary * dtype.bytes());
        long factors = aligned(chunk * Float.BYTES);
        long sums = aligned(chunk * head.last() * Float.BYTES);
        long scaled = aligned(chunk * head.last() * dtype.bytes());
        long copies = copied(chunk, vocabulary * dtype.bytes(), head.last() * Float.BYTES);
        return Math.max(forward, logits + errors + factors + sums + Math.max(copies, scaled));
    }

    @Override
    public long dropoutSeed() {
        return Long.BYTES;
    }

    /// Two numbers of a row for norms, and the sums of groups of rows.
    @Override
    public long sumOverRows(long rows, long width) {
        return aligned(2 * rows * Float.BYTES) + aligned(Sums.groups(rows) * width * Float.BYTES);
    }

    @Override
    public long product(long rows, long in, long out, DType dtype) {
        return copied(rows, in * dtype.bytes(), out * dtype.bytes());
    }

    /// The copies of rows that fill no whole step, of an operand and a result.
    private long copied(long rows, long operandBytes, long resultBytes) {
        long over = how.steady() ? rows % Products.ROW_STEP : 0;
        if (over == 0) {
            return 0;
        }
        long some = rows <= Products.COPIED_ROWS ? rows : over;
        long whole = (some + Products.ROW_STEP - 1) / Products.ROW_STEP * Products.ROW_STEP;
        return aligned(whole * operandBytes) + aligned(whole * resultBytes);
    }

    private static long aligned(long bytes) {
        return (bytes + DeviceSpace.ALIGNMENT - 1) / DeviceSpace.ALIGNMENT * DeviceSpace.ALIGNMENT;
    }
}
