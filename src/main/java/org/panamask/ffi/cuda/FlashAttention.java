package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.flashattn.FlashAttn;

/// A FlashAttention library with the C interface of PaddlePaddle/flash-attention, `csrc/capi/flash_attn.h`. It tells no
/// version, and other versions of the interface take other arguments: a wrong one corrupts memory.
public final class FlashAttention {
    private static final int ROW_STEP = 128;
    private static final int WIDTH_STEP = 32;
    private static final long TEXT_BYTES = 4096;
    private static final MemorySegment NONE = MemorySegment.NULL;

    private FlashAttention() {}

    /// What is computed. Queries and results are `[B, rows, H, d]`, keys and values `[B, T, K, d]`, all without
    /// gaps.
    ///
    /// @param batch B
    /// @param rows query rows of a batch row
    /// @param keys T
    /// @param heads H
    /// @param keyHeads K
    /// @param width d
    /// @param bfloat whether elements are BF16 rather than F16
    /// @param causal whether rows see keys up to their own index
    /// @param bias address of numbers `[B, 1, rows, T]` that are added to scores; 0 for none
    public record Problem(
            int batch,
            int rows,
            int keys,
            int heads,
            int keyHeads,
            int width,
            boolean bfloat,
            boolean causal,
            long bias) {
        /// Refuses what the interface has no numbers for: it counts the elements of a batch row in 32 bits.
        public Problem {
            long most = (long) Math.max(rows, keys) * heads * width;
            if (most > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("FlashAttention library: a batch row has at most "
                        + Integer.MAX_VALUE + " elements of all heads, but got " + most
                        + "; set backend.attention to pmk");
            }
        }

        /// Query rows as the library rounds them up for its scratch memory.
        public int roundedRows() {
            return (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
        }

        int roundedKeys() {
            return (keys + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
        }

        /// The width of heads as the library rounds it up for its scratch memory.
        public int roundedWidth() {
            return (width + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP;
        }

        float scale() {
            return (float) (1 / Math.sqrt(width));
        }

        MemorySegment biasExtents(Arena frame) {
            return bias == 0 ? NONE : frame.allocateFrom(ValueLayout.JAVA_LONG, batch, 1, rows, keys);
        }

        int queryRow() {
            return heads * width;
        }

        int keyRow() {
            return keyHeads * width;
        }
    }

    /// What the forward pass reads and writes, as addresses.
    ///
    /// @param q queries
    /// @param k keys
    /// @param v values
    /// @param o receives the result
    /// @param lse receives F32 `[B, H, rows]`, the logarithms of the sums of exponentials
    public record Forward(long q, long k, long v, long o, long lse) {}

    /// Gradients and scratch memory of the way back, as addresses.
    ///
    /// @param dout the gradient of the result
    /// @param delta scratch memory, F32 `[B, H, rounded rows]`
    /// @param sums scratch memory, F32 `[B, H, rounded rows, rounded d]`, cleared before
    /// @param dq receives the gradient of queries
    /// @param dk receives the gradient of keys for each query head, `[B, T, H, d]`
    /// @param dv receives the gradient of values for each query head, `[B, T, H, d]`
    public record Backward(long dout, long delta, long sums, long dq, long dk, long dv) {}

    /// Enqueues the forward pass.
    ///
    /// @throws FlashAttentionException if the library refuses
    public static void forward(Problem p, Forward at, CudaStream stream) {
        try (Arena frame = Arena.ofConfined()) {
            boolean done = FlashAttn.flash_attn_fwd(
                    address(at.q()),
                    address(at.k()),
                    address(at.v()),
                    NONE,
                    address(at.o()),
                    NONE,
                    address(at.lse()),
                    p.batch(),
                    p.rows(),
                    p.keys(),
                    p.roundedRows(),
                    p.roundedKeys(),
                    p.heads(),
                    p.keyHeads(),
                    p.width(),
                    p.roundedWidth(),
                    0,
                    p.scale(),
                    1 / p.scale(),
                    p.causal(),
                    false,
                    p.bfloat(),
                    stream.stream("flash_attn_fwd"),
                    0,
                    0,
                    address(p.bias()),
                    p.biasExtents(frame),
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    p.queryRow(),
                    p.keyRow(),
                    p.keyRow(),
                    p.width(),
                    p.width(),
                    p.width(),
                    p.queryRow(),
                    p.width(),
                    p.rows() * p.queryRow(),
                    p.keys() * p.keyRow(),
                    p.keys() * p.keyRow(),
                    p.rows() * p.queryRow());
            check(done, "flash_attn_fwd");
        }
    }

    /// Enqueues the way back of a forward pass.
    ///
    /// @throws FlashAttentionException if the library refuses
    public static void backward(Problem p, Forward at, Backward back, CudaStream stream) {
        try (Arena frame = Arena.ofConfined()) {
            boolean done = FlashAttn.flash_attn_bwd(
                    address(back.dout()),
                    address(at.q()),
                    address(at.k()),
                    address(at.v()),
                    address(at.o()),
                    address(back.delta()),
                    address(at.lse()),
                    NONE,
                    address(back.dq()),
                    address(back.dk()),
                    address(back.dv()),
                    address(back.sums()),
                    p.batch(),
                    p.rows(),
                    p.keys(),
                    p.roundedRows(),
                    p.roundedKeys(),
                    p.heads(),
                    p.keyHeads(),
                    p.width(),
                    p.roundedWidth(),
                    0,
                    p.scale(),
                    1 / p.scale(),
                    p.causal(),
                    p.bfloat(),
                    0,
                    stream.stream("flash_attn_bwd"),
                    0,
                    0,
                    address(p.bias()),
                    p.biasExtents(frame),
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    NONE,
                    p.queryRow(),
                    p.keyRow(),
                    p.keyRow(),
                    p.width(),
                    p.width(),
                    p.width(),
                    p.queryRow(),
                    p.width(),
                    p.rows() * p.queryRow(),
                    p.keys() * p.keyRow(),
                    p.keys() * p.keyRow(),
                    p.rows() * p.queryRow(),
                    p.queryRow(),
                    p.queryRow(),
                    p.queryRow(),
                    p.width(),
                    p.width(),
                    p.width(),
                    p.queryRow(),
                    p.width(),
                    p.rows() * p.queryRow(),
                    p.keys() * p.queryRow(),
                    p.keys() * p.queryRow(),
                    p.rows() * p.queryRow());
            check(done, "flash_attn_bwd");
        }
    }

    private static MemorySegment address(long address) {
        return MemorySegment.ofAddress(address);
    }

    private static void check(boolean done, String call) {
        if (!done) {
            MemorySegment text = FlashAttn.flash_attn_error();
            throw new FlashAttentionException(
                    call,
                    text.equals(NONE)
                            ? "it says no more"
                            : text.reinterpret(TEXT_BYTES).getString(0));
        }
    }
}
