package org.panamask.backend.cuda.attention;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// The parameter of every attention kernel: `AttentionProblem` of `kernels/attention.cuh`, field by field.
public final class AttentionProblem {
    private static final int POINTERS = 19;
    private static final int BYTES = POINTERS * 8 + 12 * 4;

    private final ByteBuffer fields = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());

    /// What a pointer of the structure points to, in order.
    private enum Field {
        Q(0),
        K(1),
        V(2),
        O(3),
        LSE(4),
        DOUT(5),
        DELTA(6),
        DQ_SUM(7),
        DQ(8),
        DK(9),
        DV(10),
        TILES(11),
        TILE_STARTS(12),
        INDEX(13),
        BOUNDS(14),
        GIVEN(15),
        DRAWS(16),
        DROPOUT_ROWS(17),
        O_REST(18);

        private final int place;

        Field(int place) {
            this.place = place;
        }
    }

    /// The inputs, with `table` at `at` on the device.
    ///
    /// @param inputs queries, keys and values
    /// @param table of the inputs' mask
    /// @param at where its integers lie
    public AttentionProblem(AttentionInputs inputs, MaskTable table, MemorySegment at) {
        put(Field.Q, inputs.q().memory());
        put(Field.K, inputs.k().memory());
        put(Field.V, inputs.v().memory());
        long start = at.address();
        put(Field.DRAWS, start);
        put(Field.TILES, start + table.tileRecords() * 4L);
        put(Field.TILE_STARTS, start + table.tileStarts() * 4L);
        put(Field.INDEX, start + table.indices() * 4L);
        put(Field.BOUNDS, start + table.bounds() * 4L);
        put(Field.GIVEN, inputs.mask().isGiven() ? start + table.given() * 4L : 0);
        inputs.dropout().ifPresent(key -> put(Field.DROPOUT_ROWS, key.rows().memory()));
        fields.position(POINTERS * 8);
        fields.putInt(inputs.mask().count());
        fields.putInt(Math.toIntExact(inputs.q().shape().extent(1)));
        fields.putInt(Math.toIntExact(inputs.k().shape().extent(1)));
        fields.putInt(Math.toIntExact(inputs.q().shape().last()));
        fields.putInt(inputs.mask().keys());
        fields.putInt(table.isAnnealed() ? 1 : 0);
        fields.putInt(0).putInt(0).putInt(0);
        fields.putFloat((float) (1 / Math.sqrt(inputs.q().shape().last())));
        fields.putFloat(inputs.dropout().map(key -> key.scale()).orElse(1f));
    }

    private void put(Field field, long address) {
        fields.putLong(field.place * 8, address);
    }

    private void put(Field field, MemorySegment memory) {
        put(field, memory.address());
    }

    /// Where results go, and the logarithms of the sums that the way back needs.
    public AttentionProblem result(MemorySegment o, MemorySegment lse) {
        put(Field.O, o);
        put(Field.LSE, lse);
        return this;
    }

    /// Where what rounding takes from the result goes, so that [#gradient]'s products are exact.
    public AttentionProblem rest(MemorySegment rest) {
        put(Field.O_REST, rest);
        return this;
    }

    /// The gradient of the result, and room for its products with the result.
    public AttentionProblem gradient(Tensor dout, MemorySegment delta) {
        put(Field.DOUT, dout.memory());
        put(Field.DELTA, delta);
        return this;
    }

    /// Where gradients of queries are summed by atomics.
    public AttentionProblem sums(MemorySegment sums) {
        put(Field.DQ_SUM, sums);
        return this;
    }

    /// Where gradients go.
    public AttentionProblem into(Into dq, Into dk, Into dv) {
        put(Field.DQ, dq.tensor().memory());
        put(Field.DK, dk.tensor().memory());
        put(Field.DV, dv.tensor().memory());
        int flags = POINTERS * 8 + 6 * 4;
        fields.putInt(flags, dq.add() ? 1 : 0);
        fields.putInt(flags + 4, dk.add() ? 1 : 0);
        fields.putInt(flags + 8, dv.add() ? 1 : 0);
        return this;
    }

    /// The structure as C lays it out.
    public byte[] bytes() {
        return fields.array().clone();
    }
}
