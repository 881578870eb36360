package org.panamask.backend;

import org.panamask.config.ByteSize;
import org.panamask.config.Key;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// Where the numbers are computed.
///
/// @param name the backend
/// @param dtype the number type of weights and products
/// @param threads host threads; 0 means one for each core
/// @param memoryLimit most native memory, as a size; 0 means no limit
/// @param device which GPU
/// @param launch how a GPU is given its work
/// @param products how a GPU's products choose their algorithm
/// @param tf32 whether a GPU rounds the operands of f32 products
/// @param attention what computes attention on a GPU
/// @param deterministic whether equal runs on a GPU give equal bits
/// @param profile whether every operation is timed
public record BackendSettings(
        @Key(
                value = "cpu",
                shorthand = true,
                doc = "backend: cpu (oneDNN), cuda (NVIDIA GPUs) or reference (plain loops, slow, to check against)")
        String name,

        @Key(
                value = "f32",
                doc = "number type of weights and products: f32, bf16, f16 (cuda and reference), fp8 (cuda from compute"
                        + " capability 8.9 on; emulated elsewhere), or f64 (reference)")
        Precision dtype,

        @Key(value = "0", doc = "threads; 0 means one for each core")
        int threads,

        @Key(value = "0", doc = "most native memory, such as 8GiB; 0 means no limit")
        String memoryLimit,

        @Key(value = "auto", doc = "cuda: the device's number; auto is the process's place on its machine, or 0")
        String device,

        @Key(
                value = "graphs",
                doc = "cuda: graphs (sequences that come again are replayed), eager, or checked (waits each time, so"
                        + " that an error names its kernel)")
        Launching launch,

        @Key(
                value = "fast",
                doc = "cuda: fast (the best algorithm for each number of rows) or steady (one for all, so that a row's"
                        + " bits do not depend on the others; rows are padded to steps of 64, which costs most where they"
                        + " are few)")
        ProductMode products,

        @Key(value = "false", doc = "cuda: let f32 products round their operands to 10 bits, several times as fast")
        boolean tf32,

        @Key(
                value = "auto",
                doc = "cuda: attention by pmk (this library's kernels), cudnn, flashattn (a library that"
                        + " PANAMASK_LIB_FLASHATTN names) or math (all scores in memory); auto is pmk or cudnn")
        AttentionKernels attention,

        @Key(
                value = "true",
                doc = "cuda: sum the gradients of attention's queries in one order, so that equal runs give equal bits;"
                        + " false is faster")
        boolean deterministic,

        @Key(value = "false", doc = "time every operation; the run leaves the table in profile.txt")
        boolean profile) {

    /// Checks the ranges.
    public BackendSettings {
        Require.notBlank("name", name);
        Require.atLeast("threads", threads, 0);
        Require.that(
                device.equals("auto") || device.matches("\\d{1,6}"),
                "device must be auto or a number from 0 on, not '" + device + "'");
        Require.that(
                ByteSize.parse(memoryLimit).isPresent(),
                "memory_limit must be a size such as 8GiB or 0 for none, not '" + memoryLimit + "'");
    }

    /// Every key at its default.
    public static BackendSettings defaults() {
        return Settings.defaults(BackendSettings.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("dtype", Precision.BF16)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public BackendSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// The most native bytes; `Long.MAX_VALUE` when there is no limit.
    public long memoryLimitBytes() {
        long bytes = ByteSize.parse(memoryLimit).orElse(0L);
        return bytes == 0 ? Long.MAX_VALUE : bytes;
    }
}
