// Whole grids: blocks go to OS threads that live from the first launch to the end of the process.
#include "launch.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include "accesses.h"
#include "scheduler.h"

namespace pmkemu {
namespace {
Kernel* registered;
std::atomic<u64> blocks_run, threads_run, switches_made;
// Below this many CUDA threads a second OS thread costs more than it helps.
constexpr u64 THREADS_WORTH_SHARING = 1024;

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// One grid under way: whoever takes part takes the next block until none is left or one has failed.
struct Grid {
    const Launch& launch;
    const u64 blocks;
    std::atomic<u64> next{0};
    std::atomic<bool> failed{false};
    std::string error;
    u64 refused = 0;

    void take_part(Worker& with) {
        const SignalStack stack(with.signal_stack);
        with.switches = 0;
        const Index& grid = launch.grid;
        for (u64 b; !failed && (b = next++) < blocks;) {
            const Index block{static_cast<u32>(b % grid.x), static_cast<u32>(b / grid.x % grid.y),
                              static_cast<u32>(b / (static_cast<u64>(grid.x) * grid.y))};
            if (!with.run(launch, block) && !failed.exchange(true)) {
                error = with.error;
                refused = with.refused;
            }
        }
        switches_made += with.switches;
    }
};

// The OS threads that help the caller.
class Crew {
public:
    explicit Crew(unsigned helpers) : count(helpers) {
        for (unsigned i = 0; i < helpers; i++) {
            std::thread([this] { serve(); }).detach();
        }
    }
    void run(Grid& grid, Worker& caller) {
        {
            std::lock_guard<std::mutex> lock(mutex);
            work = &grid;
            waiting = count;
            generation++;
        }
        begin.notify_all();
        grid.take_part(caller);
        std::unique_lock<std::mutex> lock(mutex);
        end.wait(lock, [this] { return waiting == 0; });
    }

private:
    void serve() {
        Worker own;
        for (u64 seen = 0;;) {
            Grid* grid;
            {
                std::unique_lock<std::mutex> lock(mutex);
                begin.wait(lock, [&] { return generation != seen; });
                seen = generation;
                grid = work;
            }
            grid->take_part(own);
            std::lock_guard<std::mutex> lock(mutex);
            if (--waiting == 0) end.notify_one();
        }
    }

    std::mutex mutex;
    std::condition_variable begin, end;
    Grid* work = nullptr;
    const unsigned count;
    unsigned waiting = 0;
    u64 generation = 0;
};
}  // namespace

Options& options() {
    static Options options{from_environment("PMK_EMU_SEED", 0),
                           from_environment("PMK_EMU_THREADS", std::min(4u, std::thread::hardware_concurrency()))};
    return options;
}

Counts counts() { return {blocks_run, threads_run, switches_made}; }


std::string refusal(const Launch& launch) {
    const Index &grid = launch.grid, &block = launch.block;
    const u64 threads = static_cast<u64>(block.x) * block.y * block.z;
    if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
        return "a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " + std::to_string(grid.z);
    }
    if (!threads || threads > 1024) return "a block of " + std::to_string(threads) + " threads";
    if (threads & 31) return "a block of " + std::to_string(threads) + " threads, which is no multiple of 32";
    if (launch.dynamic_bytes > SHARED_BYTES) {
        return std::to_string(launch.dynamic_bytes) + " bytes of dynamic shared memory";
    }
    return "";
}
void add_kernel(Kernel* kernel) {
    kernel->next = registered;
    registered = kernel;
}

Kernel* take_registered() {
    Kernel* const first = registered;
    registered = nullptr;
    return first;
}

const Kernel* find_kernel(const Kernel* first, const char* name) {
    for (; first; first = first->next) {
        if (!std::strcmp(first->name, name)) return first;
    }
    return nullptr;
}

std::string run(const Launch& launch, u64* address) {
    static std::mutex one_at_a_time;
    // Never destroyed: at the end of the process the crew still waits.
    static Worker& caller = *new Worker;
    static Crew* crew = nullptr;
    static unsigned crew_threads = 0;
    std::lock_guard<std::mutex> lock(one_at_a_time);
    const std::string refused = refusal(launch);
    if (!refused.empty()) return std::string(launch.kernel->name) + ": " + refused;
    const u64 blocks = static_cast<u64>(launch.grid.x) * launch.grid.y * launch.grid.z;
    const u64 threads = blocks * launch.block.x * launch.block.y * launch.block.z;
    take_refused_accesses();
    Grid grid{launch, blocks, {0}, {false}, {}, 0};
    const unsigned os_threads = options().os_threads;
    if (os_threads > 1 && blocks > 1 && threads >= THREADS_WORTH_SHARING) {
        if (crew_threads != os_threads) {
            // A crew of another size is left to wait for ever: sizes change in tests only.
            crew = new Crew(os_threads - 1);
            crew_threads = os_threads;
        }
        crew->run(grid, caller);
    } else {
        grid.take_part(caller);
    }
    blocks_run += blocks;
    threads_run += threads;
    if (address) *address = grid.refused;
    return grid.failed ? std::string(launch.kernel->name) + ": " + grid.error : "";
}
}  // namespace pmkemu
