// What tests read and set.
#include <algorithm>
#include <cstring>
#include "state.h"

namespace pmkemu::driver {
namespace {
size_t bytes_in_use() {
    size_t bytes = 0;
    for (const auto& device : state().devices) bytes += device->bytes;
    return bytes;
}

struct Counter {
    const char* name;
    u64 (*value)();
};
const Counter COUNTERS[] = {
    {"launches", [] { return state().launches; }},
    {"threads", [] { return counts().threads; }},
    {"switches", [] { return counts().switches; }},
    {"bytes", [] { return static_cast<u64>(bytes_in_use()); }},
    {"peakBytes", [] { return static_cast<u64>(state().peak); }},
    {"allocations", [] { return static_cast<u64>(state().memory.size()); }},
    {"allocationCalls", [] { return state().allocation_calls; }},
    {"pinnedBytes", [] { return static_cast<u64>(state().pinned_bytes); }},
    {"pinned", [] { return static_cast<u64>(state().pinned.size()); }},
    {"streams", [] { return static_cast<u64>(state().streams.size()); }},
    {"events", [] { return static_cast<u64>(state().events.size()); }},
    {"modules", [] { return static_cast<u64>(state().modules.size()); }},
    {"graphs", [] { return static_cast<u64>(state().graphs.size() + state().executables.size()); }},
    {"graphLaunches", [] { return state().graph_launches; }},
    {"waits", [] { return state().waits; }},
};
}  // namespace
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
unsigned long long pmkEmuCounter(const char* name) {
    const Guard guard;
    for (const Counter& counter : COUNTERS) {
        if (!std::strcmp(counter.name, name)) return counter.value();
    }
    return ~0ull;
}

void pmkEmuResetPeak() {
    const Guard guard;
    state().peak = bytes_in_use();
}

void pmkEmuSchedule(unsigned seed, unsigned os_threads) {
    const Guard guard;
    pmkemu::options() = {seed, std::max(1u, os_threads)};
}

void pmkEmuEager(int eager) {
    const Guard guard;
    state().eager = eager;
}

void pmkEmuRecover() {
    const Guard guard;
    State& s = state();
    for (const auto& [handle, stream] : s.streams) discard(*stream);
    if (!s.sticky) return;
    s.sticky = SUCCESS;
    s.executables.clear();
    s.graphs.clear();
    s.events.clear();
    s.streams.clear();
    s.modules.clear();
    forget_memory();
}
}
