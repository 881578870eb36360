package org.panamask.backend.cuda.attention;

import java.util.SortedMap;
import java.util.TreeMap;
import org.panamask.tensor.DType;

/// How the kernels of attention cut the work, and what shared memory their blocks take. The numbers are those of
/// `kernels/attention*.cu`.
///
/// @param dtype the type of activations
/// @param padded the head width rounded up to what kernels are compiled for
/// @param isStreaming whether the kernels without tensor cores run, which compute in f32 whatever the type
public record AttentionTiling(DType dtype, int padded, boolean isStreaming) {
    /// The widest head that the kernels take.
    public static final int WIDEST = 128;

    private static final int NARROWEST = 16;
    private static final int WARP_ROWS = 16;
    private static final int FLOAT = 4;

    /// Query rows of a block, and of a tile of [MaskTable].
    private static final int ROWS = 64;

    /// Keys that a block of the forward kernel and of the queries' kernel takes at a time.
    private static final int KEYS = 64;

    /// Keys of a block that forms gradients of keys.
    private static final int BACKWARD_KEYS = 128;

    /// Rows and keys of a block of the streaming kernels.
    private static final int STREAM_SIDE = 32;

    private static final int STREAM_THREADS = 64;
    private static final int COLLECTED = 256;

    /// The tiling for heads of `width` elements.
    ///
    /// @throws IllegalArgumentException if they are wider than [#WIDEST]
    public static AttentionTiling of(DType dtype, int width) {
        return new AttentionTiling(dtype, padded(width), dtype == DType.F32);
    }

    /// The tiling of the kernels without tensor cores.
    ///
    /// @throws IllegalArgumentException if heads are wider than [#WIDEST]
    public static AttentionTiling streaming(DType dtype, int width) {
        return new AttentionTiling(dtype, padded(width), true);
    }

    private static int padded(int width) {
        if (width > WIDEST) {
            throw new IllegalArgumentException(
                    "attention kernels: heads are at most " + WIDEST + " wide, but got " + width);
        }
        int padded = NARROWEST;
        while (padded < width) {
            padded *= 2;
        }
        return padded;
    }

    /// Query rows of a tile.
    public int rows() {
        return isStreaming() ? STREAM_SIDE : ROWS;
    }

    /// What the kernels are compiled with besides their type.
    public SortedMap<String, String> defines() {
        SortedMap<String, String> defines = new TreeMap<>();
        defines.put("PMK_D", Integer.toString(padded));
        if (!isStreaming()) {
            defines.put("PMK_ROWS", Integer.toString(ROWS));
            defines.put("PMK_KEYS", Integer.toString(KEYS));
        }
        return defines;
    }

    /// One kernel and what its blocks take.
    ///
    /// @param family the source that holds it
    /// @param name the kernel
    /// @param threads of a block
    /// @param sharedBytes dynamic shared memory of a block
    /// @param side rows or keys of a block
    public record Part(String family, String name, int threads, int sharedBytes, int side) {}

    /// The results of all query rows: blocks (tile, head).
    public Part forward() {
        if (isStreaming()) {
            return stream("attention_stream_forward", 2, 1);
        }
        int elements = (ROWS + 2 * KEYS) * padded;
        return new Part(
                "attention_forward", "attention_forward", ROWS / WARP_ROWS * 32, elements * dtype.bytes(), ROWS);
    }

    /// The products of results and their gradients, a warp for each row: blocks (four rows, head).
    public Part delta() {
        return new Part(isStreaming() ? "attention_stream" : "attention_backward", "attention_delta", 128, 0, 4);
    }

    /// The gradients of keys and values: blocks (tile of keys, key head, batch row).
    public Part keys() {
        if (isStreaming()) {
            return stream("attention_stream_backward_keys", 4, 2);
        }
        return keys("attention_backward_keys", 2 * stageBytes());
    }

    /// All three gradients, those of queries summed by atomics: blocks as [#keys].
    public Part atomic() {
        return keys("attention_backward_atomic", BACKWARD_KEYS * (step() + 8) * dtype.bytes() + stageBytes());
    }

    /// The gradients of queries from what [#atomic] summed: blocks (elements).
    public Part collect() {
        return new Part("attention_backward", "attention_collect", COLLECTED, 0, COLLECTED);
    }

    private Part keys(String name, int bytes) {
        int fixed = 2 * BACKWARD_KEYS * padded * dtype.bytes();
        return new Part("attention_backward", name, BACKWARD_KEYS / WARP_ROWS * 32, fixed + bytes, BACKWARD_KEYS);
    }

    /// Query rows that the keys' kernel takes at a time.
    private int step() {
        return padded > 32 ? 32 : 64;
    }

    /// Two tiles of rows, two numbers and two sets of bits for each row.
    private int stageBytes() {
        return 2 * step() * (padded * dtype.bytes() + FLOAT + BACKWARD_KEYS / 8);
    }

    /// The gradients of queries: blocks (tile, head).
    public Part queries() {
        if (isStreaming()) {
            return stream("attention_stream_backward_queries", 4, 2);
        }
        int elements = (2 * ROWS + 4 * KEYS) * padded;
        return new Part(
                "attention_queries",
                "attention_backward_queries",
                ROWS / WARP_ROWS * 64,
                elements * dtype.bytes(),
                ROWS);
    }

    private Part stream(String name, int tiles, int scores) {
        int floats = tiles * STREAM_SIDE * (padded + 1) + scores * STREAM_SIDE * (STREAM_SIDE + 1);
        return new Part("attention_stream", name, STREAM_THREADS, floats * FLOAT, STREAM_SIDE);
    }
}
