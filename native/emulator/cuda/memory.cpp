// Device and pinned memory. Fresh memory is all ones, NaN in every format; each allocation ends in a pattern that no
// kernel may touch.
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include "state.h"

namespace pmkemu::driver {
namespace {
#if defined(__SANITIZE_ADDRESS__)
// The sanitizer sees the ends itself.
constexpr size_t END_BYTES = 0, MAPPED_FROM_BYTES = ~size_t{0};
#else
constexpr size_t END_BYTES = 256, MAPPED_FROM_BYTES = 1 << 20;
#endif
constexpr u8 END_PATTERN = 0xA5;
constexpr size_t PAGES_BYTES = 16 << 20, GUARD_BYTES = 64 << 10;

// A file of ones in memory; mapped again and again, it makes large allocations NaN without writing them.
int pages_of_ones() {
    static const int file = [] {
        const int made = memfd_create("panamask-ones", MFD_CLOEXEC);
        const std::vector<u8> ones(PAGES_BYTES, 0xff);
        return made >= 0 && write(made, ones.data(), ones.size()) == static_cast<ssize_t>(ones.size()) ? made : -1;
    }();
    return file;
}

size_t mapping_bytes(size_t bytes) { return (bytes + END_BYTES + 4095) & ~size_t{4095}; }

void unmap(void* memory, size_t bytes) { munmap(static_cast<u8*>(memory) - GUARD_BYTES, bytes + 2 * GUARD_BYTES); }

// Nobody may touch what lies before and behind.
void* map_ones(size_t bytes) {
    const int file = pages_of_ones();
    if (file < 0) return nullptr;
    void* const around =
        mmap(nullptr, bytes + 2 * GUARD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (around == MAP_FAILED) return nullptr;
    u8* const start = static_cast<u8*>(around) + GUARD_BYTES;
    for (size_t at = 0; at < bytes; at += PAGES_BYTES) {
        if (mmap(start + at, std::min(PAGES_BYTES, bytes - at), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file, 0) == MAP_FAILED) {
            unmap(start, bytes);
            return nullptr;
        }
    }
    return start;
}

Result allocate(Address* address, size_t bytes, bool pooled) {
    State& s = state();
    Device* const device = bound_device();
    if (!device) return fail(INVALID_CONTEXT, "this thread has no context");
    if (!bytes) return fail(INVALID_VALUE, "an allocation of no bytes");
    s.allocation_calls++;
    if (device->bytes + bytes > s.limit || bytes > s.limit) {
        return fail(OUT_OF_MEMORY, std::to_string(bytes) + " bytes with " + std::to_string(device->bytes) + " of " +
                                       std::to_string(s.limit) + " in use");
    }
    const bool mapped = bytes >= MAPPED_FROM_BYTES;
    void* memory = nullptr;
    if (mapped) {
        memory = map_ones(mapping_bytes(bytes));
    } else if (!posix_memalign(&memory, 512, bytes + END_BYTES)) {
        std::memset(memory, 0xff, bytes);
    }
    if (!memory) return fail(OUT_OF_MEMORY, "the machine has no memory left");
    std::memset(static_cast<u8*>(memory) + bytes, END_PATTERN, END_BYTES);
    s.memory[reinterpret_cast<Address>(memory)] = {bytes, device, mapped, pooled};
    device->bytes += bytes;
    if (pooled) {
        device->pool_bytes += bytes;
        device->pool_peak = std::max(device->pool_peak, device->pool_bytes);
    }
    size_t in_use = 0;
    for (const auto& each : s.devices) in_use += each->bytes;
    s.peak = std::max(s.peak, in_use);
    *address = reinterpret_cast<Address>(memory);
    return SUCCESS;
}

void give_back(Address address, const Block& block) {
    block.device->bytes -= block.bytes;
    if (block.pooled) block.device->pool_bytes -= block.bytes;
    if (block.mapped) {
        unmap(reinterpret_cast<void*>(address), mapping_bytes(block.bytes));
    } else {
        std::memset(reinterpret_cast<void*>(address), 0xff, block.bytes);
        std::free(reinterpret_cast<void*>(address));
    }
}

Result release(Address address) {
    State& s = state();
    const auto found = s.memory.find(address);
    if (found == s.memory.end()) return fail(INVALID_VALUE, "free of an address that no live allocation begins at");
    if (const Result bad = check_ends("something before a free")) return bad;
    const Block block = found->second;
    s.memory.erase(found);
    give_back(address, block);
    return SUCCESS;
}

Result release_pinned(void* address, bool registered) {
    State& s = state();
    const auto found = s.pinned.find(reinterpret_cast<Address>(address));
    if (found == s.pinned.end()) return fail(INVALID_VALUE, "free of an address that is not pinned");
    const size_t bytes = found->second;
    s.pinned_bytes -= bytes;
    s.pinned.erase(found);
    if (registered) return SUCCESS;
    if (bytes >= MAPPED_FROM_BYTES) {
        unmap(address, mapping_bytes(bytes));
    } else {
        std::free(address);
    }
    return SUCCESS;
}
}  // namespace

void forget_memory() {
    for (const auto& [address, block] : state().memory) give_back(address, block);
    state().memory.clear();
}

bool in_device(Address address, size_t bytes) {
    const auto& memory = state().memory;
    auto found = memory.upper_bound(address);
    if (found == memory.begin()) return false;
    --found;
    return address + bytes >= address && address + bytes <= found->first + found->second.bytes;
}

bool in_pinned(const void* address, size_t bytes) {
    const auto& pinned = state().pinned;
    const Address at = reinterpret_cast<Address>(address);
    auto found = pinned.upper_bound(at);
    if (found == pinned.begin()) return false;
    --found;
    return at + bytes >= at && at + bytes <= found->first + found->second;
}

std::string place_of(Address address) {
    const auto& memory = state().memory;
    const auto after = memory.upper_bound(address);
    const u64 near = u64{1} << 32, none = ~u64{0}, ahead = after == memory.end() ? none : after->first - address;
    const auto before = after == memory.begin() ? after : std::prev(after);
    const u64 behind = after == memory.begin() ? none : address - before->first;
    if (ahead > near && behind > near) return "far from every device allocation";
    if (ahead <= behind) {
        return std::to_string(ahead) + " bytes before a device allocation of " + std::to_string(after->second.bytes);
    }
    return std::to_string(behind) + " bytes from the start of a device allocation of " +
           std::to_string(before->second.bytes);
}

Result check_ends(const char* who) {
    if (!END_BYTES) return SUCCESS;
    // Never destroyed: threads may still run kernels while the process ends.
    static const std::vector<u8>& pattern = *new std::vector<u8>(END_BYTES, END_PATTERN);
    for (const auto& [address, block] : state().memory) {
        if (std::memcmp(reinterpret_cast<u8*>(address) + block.bytes, pattern.data(), pattern.size())) {
            return fail(ILLEGAL_ADDRESS, std::string(who) + " wrote past the end of a device allocation of " +
                                             std::to_string(block.bytes) + " bytes");
        }
    }
    return SUCCESS;
}
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuMemGetInfo_v2(size_t* free, size_t* total) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    const size_t limit = state().limit, used = bound_device()->bytes;
    *free = limit > used ? limit - used : 0;
    *total = limit;
    return SUCCESS;
}

Result cuMemAlloc_v2(Address* address, size_t bytes) {
    PMK_CUDA_READY;
    if (const Result refused = unsafe("cuMemAlloc")) return refused;
    return allocate(address, bytes, false);
}

Result cuMemFree_v2(Address address) {
    PMK_CUDA_READY;
    if (!address) return SUCCESS;
    if (const Result refused = unsafe("cuMemFree")) return refused;
    const auto found = state().memory.find(address);
    if (found != state().memory.end()) {
        if (const Result bad = drain_device(found->second.device)) return bad;
    }
    return release(address);
}

Result cuMemAllocAsync(Address* address, size_t bytes, void* stream) {
    PMK_CUDA_READY;
    Stream* const on = live(stream);
    if (!on) return INVALID_HANDLE;
    if (on->capture) {
        on->capture->invalid = true;
        return fail(CAPTURE_UNSUPPORTED, "an allocation while its stream is being captured");
    }
    return allocate(address, bytes, true);
}

Result cuMemAllocFromPoolAsync(Address* address, size_t bytes, void* pool, void* stream) {
    {
        PMK_CUDA_READY;
        if (!state().pools.count(pool)) return fail(INVALID_HANDLE, "no memory pool");
    }
    return cuMemAllocAsync(address, bytes, stream);
}

Result cuMemFreeAsync(Address address, void* stream) {
    PMK_CUDA_READY;
    if (!state().memory.count(address)) {
        return fail(INVALID_VALUE, "free of an address that no live allocation begins at");
    }
    return enqueue(stream, {[=] { return release(address); }, "free"});
}

Result cuMemHostAlloc(void** address, size_t bytes, unsigned) {
    PMK_CUDA_READY;
    if (const Result refused = unsafe("cuMemHostAlloc")) return refused;
    if (!bytes) return fail(INVALID_VALUE, "an allocation of no bytes");
    *address = nullptr;
    if (bytes >= MAPPED_FROM_BYTES) {
        *address = map_ones(mapping_bytes(bytes));
    } else if (!posix_memalign(address, 4096, bytes)) {
        std::memset(*address, 0xff, bytes);
    }
    if (!*address) return fail(OUT_OF_MEMORY, "the machine has no memory left");
    state().allocation_calls++;
    state().pinned[reinterpret_cast<Address>(*address)] = bytes;
    state().pinned_bytes += bytes;
    return SUCCESS;
}

Result cuMemFreeHost(void* address) {
    PMK_CUDA_READY;
    if (const Result refused = unsafe("cuMemFreeHost")) return refused;
    if (const Result bad = drain_device(nullptr)) return bad;
    return release_pinned(address, false);
}

Result cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
    PMK_CUDA_READY;
    if (in_pinned(address, 1)) return fail(712, "the range is registered already");
    state().pinned[reinterpret_cast<Address>(address)] = bytes;
    state().pinned_bytes += bytes;
    return SUCCESS;
}

Result cuMemHostUnregister(void* address) {
    PMK_CUDA_READY;
    if (const Result bad = drain_device(nullptr)) return bad;
    return release_pinned(address, true);
}

Result cuMemHostGetDevicePointer_v2(Address* device, void* host, unsigned) {
    PMK_CUDA_READY;
    if (!in_pinned(host, 1)) return fail(INVALID_VALUE, "not an address of pinned memory");
    *device = reinterpret_cast<Address>(host);
    return SUCCESS;
}

int pmkEmuIsDevice(unsigned long long address, size_t bytes) {
    const Guard guard;
    return in_device(address, bytes);
}
}
