package org.panamask.backend.cuda.attention;

import java.util.List;
import org.panamask.ffi.cuda.CudnnType;

/// What attention by an operation graph is made for: every batch row has the same number of query rows.
///
/// @param type of queries, keys, values and results
/// @param batch B
/// @param heads H
/// @param keyHeads K
/// @param rows query rows of a batch row
/// @param keys T
/// @param width d
/// @param mask what is hidden
public record CompositeShape(
        CudnnType type, long batch, long heads, long keyHeads, long rows, long keys, long width, Hidden mask) {
    /// How hidden keys are told.
    public enum Hidden {
        /// Every row sees every key.
        NONE,
        /// Rows see keys up to their own index.
        LATER,
        /// Numbers `[1, 1, rows, T]` are added to scores.
        BIAS,
        /// Numbers `[B, 1, rows, T]` are added to scores.
        BIAS_OF_EACH
    }

    float scale() {
        return (float) (1 / Math.sqrt(width));
    }

    List<Long> queries() {
        return List.of(batch, heads, rows, width);
    }

    List<Long> queryStrides() {
        return List.of(rows * heads * width, width, heads * width, 1L);
    }

    List<Long> keyRows() {
        return List.of(batch, keyHeads, keys, width);
    }

    List<Long> keyStrides() {
        return List.of(keys * keyHeads * width, width, keyHeads * width, 1L);
    }

    List<Long> scores() {
        return List.of(batch, heads, rows, keys);
    }

    List<Long> numbers() {
        return List.of(batch, heads, rows, 1L);
    }

    /// Extents or strides with the last two axes exchanged.
    static List<Long> turned(List<Long> axes) {
        return List.of(axes.get(0), axes.get(1), axes.get(3), axes.get(2));
    }

    /// Extents of the numbers that are added to scores.
    List<Long> bias() {
        return List.of(mask == Hidden.BIAS ? 1 : batch, 1L, rows, keys);
    }
}
