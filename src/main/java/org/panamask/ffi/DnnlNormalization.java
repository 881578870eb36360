package org.panamask.ffi;

import java.util.Set;
import org.panamask.bindings.dnnl.dnnl_h;

/// How rows are normalised.
///
/// @param statistics the layout of means and variances: the input's shape without its last dimension, f32
/// @param epsilon added to the variance
/// @param flags what applies beyond that
public record DnnlNormalization(DnnlMemoryDesc statistics, float epsilon, Set<Flag> flags) {
    /// Variations of a normalisation.
    public enum Flag {
        /// Multiplies by a gain `[D]`, f32.
        SCALE(dnnl_h.dnnl_use_scale()),
        /// Adds an offset `[D]`, f32.
        SHIFT(dnnl_h.dnnl_use_shift()),
        /// Takes the mean as zero: root mean square instead of the deviation.
        RMS(dnnl_h.dnnl_rms_norm()),
        /// Reads the statistics instead of computing them.
        GIVEN_STATISTICS(dnnl_h.dnnl_use_global_stats());

        private final int code;

        Flag(int code) {
            this.code = code;
        }
    }

    /// Copies the flags.
    public DnnlNormalization {
        flags = Set.copyOf(flags);
    }

    int code() {
        return flags.stream().mapToInt(flag -> flag.code).reduce(0, (a, b) -> a | b);
    }
}
