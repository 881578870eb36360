// Running kernels: what the stand-in driver and the tests call.
#pragma once
#include <cstddef>
#include <string>
#include "pmk.cuh"

namespace pmkemu {
struct Launch {
    const Kernel* kernel;
    Index grid, block;
    size_t dynamic_bytes;
    void** arguments;
};

// Which thread runs next. Seed 0: the lowest warp as far as it can; 1: the highest; others: random priorities.
// Asynchronous copies land as late as they may with even seeds, as early as they may with odd ones.
struct Options {
    unsigned seed = 0;
    unsigned os_threads = 1;
};
struct Counts {
    u64 blocks, threads, switches;
};
// The most a block may have on compute capability 8.9, static and dynamic shared memory together, and static alone.
constexpr size_t SHARED_BYTES = 101376, STATIC_SHARED_BYTES = 49152;

// The options to be used from now on; PMK_EMU_SEED and PMK_EMU_THREADS at first.
Options& options();
Counts counts();
// Why a launch of this geometry is refused; the empty string if it is not.
std::string refusal(const Launch& launch);
// Runs the whole grid; the empty string, or what went wrong, and in `refused` the address where there was no memory.
std::string run(const Launch& launch, u64* refused = nullptr);
// The kernels registered since the last call, newest first; they are found through `next`.
Kernel* take_registered();
const Kernel* find_kernel(const Kernel* first, const char* name);
}  // namespace pmkemu
