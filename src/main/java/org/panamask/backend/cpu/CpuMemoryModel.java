package org.panamask.backend.cpu;

import java.util.function.ToLongFunction;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What [CpuWeight], [Head], [Attention] and [Products] take besides tensors.
///
/// @param packed the bytes of a packed matrix
/// @param threads each may need scratch memory of its own in a product
record CpuMemoryModel(ToLongFunction<Layout> packed, int threads) implements MemoryModel {
    /// What oneDNN takes for a product on one thread: it copies blocks of operands that do not lie as it wants.
    private static final long PRODUCT_BYTES = 64 << 10;

    @Override
    public long form(Weight weight, DType dtype, Direction direction) {
        long out = weight.shape().extent(0);
        long in = weight.shape().last();
        if (weight.trainable()) {
            boolean second = direction == Direction.BACKWARD;
            return second || weight.value().dtype() == dtype ? 0 : out * in * dtype.bytes();
        }
        return packed.applyAsLong(
                direction == Direction.FORWARD
                        ? Layout.matrix(CpuJob.type(dtype), in, out)
                        : Layout.matrix(CpuJob.type(dtype), out, in));
    }

    @Override
    public long head(Shape head, long rows, DType dtype, boolean gradients) {
        long vocabulary = head.extent(0);
        long padded = Math.max(RowSteps.LEAST, Math.min(Head.chunkRows(vocabulary), rows));
        long logits = padded * vocabulary * 4;
        long rounded = gradients && dtype != DType.F32 ? padded * vocabulary * dtype.bytes() : 0;
        long states = gradients ? padded * head.last() * (4 + dtype.bytes()) : 0;
        return logits + rounded + states + product(padded, head.last(), vocabulary, dtype);
    }

    @Override
    public long attention(Tensor q, Tensor k, KeyIntervals mask, boolean gradients) {
        AttentionShape dense = AttentionShape.of(q, k, mask);
        AttentionShape shape = gradients ? dense : dense.roomy();
        DType dtype = q.dtype();
        long[] most = {0};
        shape.batches(mask, batch -> {
            long copies = gradients
                    ? (dtype == DType.F32 ? 0 : 2L * batch.count() * shape.tokens() * shape.keyWidth() * 4)
                    : shape.room() == shape.tokens()
                            ? 0
                            : 2L * batch.count() * shape.room() * shape.keyWidth() * dtype.bytes();
            shape.blocks(
                    mask, batch, block -> most[0] = Math.max(most[0], copies + block(shape, block, dtype, gradients)));
        });
        return most[0] + threads * PRODUCT_BYTES;
    }

    private static long block(AttentionShape shape, AttentionShape.Block block, DType dtype, boolean gradients) {
        long scores = shape.allScores(block);
        long halves = dtype == DType.F32 ? 0 : scores * dtype.bytes();
        long tile = block.batch().count() * block.padded() * block.keys() * 4;
        long rows = block.isPadded() ? block.batch().count() * block.padded() * shape.queryWidth() * dtype.bytes() : 0;
        return gradients ? 2 * (scores * 4 + halves) + tile + 3 * rows : scores * 4 + halves + tile + 2 * rows;
    }

    @Override
    public long product(long rows, long in, long out, DType dtype) {
        long padding = rows % RowSteps.LEAST == 0 ? 0 : RowSteps.LEAST * (in + out) * dtype.bytes();
        return padding + threads * PRODUCT_BYTES;
    }
}
