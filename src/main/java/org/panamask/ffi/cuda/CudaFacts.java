package org.panamask.ffi.cuda;

/// What the driver says of a device.
///
/// @param ordinal its number in this process
/// @param name such as `NVIDIA L40S`
/// @param uuid such as `GPU-` and 32 hexadecimal digits
/// @param major of its compute capability
/// @param minor of its compute capability
/// @param multiprocessors how many there are
/// @param sharedBytes the most shared memory that a block may ask for
/// @param cacheBytes of the second-level cache
/// @param memoryBytes of its memory
public record CudaFacts(
        int ordinal,
        String name,
        String uuid,
        int major,
        int minor,
        int multiprocessors,
        int sharedBytes,
        int cacheBytes,
        long memoryBytes) {
    /// What the compiler calls it: `sm_89` for capability 8.9.
    public String architecture() {
        return "sm_" + major + minor;
    }
}
