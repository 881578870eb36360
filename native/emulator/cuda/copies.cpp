// Copies and fills. Ranges must lie inside live allocations when a call is made and still when its work runs.
#include <cstring>
#include "state.h"

namespace pmkemu::driver {
namespace {
struct Range {
    u8* address;
    bool device;
};

Result check(const Range& to, const Range& from, size_t bytes, Result code) {
    const std::string size = std::to_string(bytes) + " bytes";
    if (to.device && !in_device(reinterpret_cast<Address>(to.address), bytes)) {
        return fail(code, "a copy of " + size + " to what is not inside one live device allocation");
    }
    if (from.device && !in_device(reinterpret_cast<Address>(from.address), bytes)) {
        return fail(code, "a copy of " + size + " from what is not inside one live device allocation");
    }
    return SUCCESS;
}

Result copy_now(const Range& to, const Range& from, size_t bytes) {
    if (const Result bad = check(to, from, bytes, ILLEGAL_ADDRESS)) return bad;
    std::memmove(to.address, from.address, bytes);
    return SUCCESS;
}

// Pageable memory of the host is copied from at the call, and to before the call returns, as the driver does.
Result copy_async(const Range& to, const Range& from, size_t bytes, void* handle) {
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (const Result bad = check(to, from, bytes, INVALID_VALUE)) return bad;
    const bool pageable = (!from.device && !in_pinned(from.address, bytes)) ||
                          (!to.device && !in_pinned(to.address, bytes));
    if (!pageable) return enqueue(handle, {[=] { return copy_now(to, from, bytes); }, "copy"});
    if (stream->capture) {
        stream->capture->invalid = true;
        return fail(CAPTURE_UNSUPPORTED, "a copy of pageable host memory while its stream is being captured");
    }
    if (from.device) {
        if (const Result bad = enqueue(handle, {[=] { return copy_now(to, from, bytes); }, "copy"})) return bad;
        return drain(*stream);
    }
    const auto staged = std::make_shared<std::vector<u8>>(from.address, from.address + bytes);
    return enqueue(handle, {[=] { return copy_now(to, {staged->data(), false}, bytes); }, "copy"});
}

Result copy_sync(const char* what, const Range& to, const Range& from, size_t bytes) {
    if (const Result refused = unsafe(what)) return refused;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    if (const Result bad = check(to, from, bytes, INVALID_VALUE)) return bad;
    if (const Result bad = drain_device(bound_device())) return bad;
    return copy_now(to, from, bytes);
}

Range on_device(Address address) { return {reinterpret_cast<u8*>(address), true}; }
Range on_host(const void* address) { return {static_cast<u8*>(const_cast<void*>(address)), false}; }

template <class V> Result fill(Address address, V value, size_t count, void* stream) {
    if (!in_device(address, count * sizeof(V))) {
        return fail(INVALID_VALUE, "a fill of what is not inside one live device allocation");
    }
    const auto run = [=]() -> Result {
        if (!in_device(address, count * sizeof(V))) return fail(ILLEGAL_ADDRESS, "a fill of freed device memory");
        V* const at = reinterpret_cast<V*>(address);
        for (size_t i = 0; i < count; i++) at[i] = value;
        return SUCCESS;
    };
    return enqueue(stream, {run, "fill"});
}
}  // namespace
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, void* stream) {
    PMK_CUDA_READY;
    return copy_async(on_device(to), on_host(from), bytes, stream);
}

Result cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, void* stream) {
    PMK_CUDA_READY;
    return copy_async(on_host(to), on_device(from), bytes, stream);
}

Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void* stream) {
    PMK_CUDA_READY;
    return copy_async(on_device(to), on_device(from), bytes, stream);
}

Result cuMemcpyPeerAsync(Address to, void*, Address from, void*, size_t bytes, void* stream) {
    PMK_CUDA_READY;
    return copy_async(on_device(to), on_device(from), bytes, stream);
}

Result cuMemcpyHtoD_v2(Address to, const void* from, size_t bytes) {
    PMK_CUDA_READY;
    return copy_sync("cuMemcpyHtoD", on_device(to), on_host(from), bytes);
}

Result cuMemcpyDtoH_v2(void* to, Address from, size_t bytes) {
    PMK_CUDA_READY;
    return copy_sync("cuMemcpyDtoH", on_host(to), on_device(from), bytes);
}

Result cuMemsetD8Async(Address address, unsigned char value, size_t count, void* stream) {
    PMK_CUDA_READY;
    return fill(address, value, count, stream);
}

Result cuMemsetD16Async(Address address, unsigned short value, size_t count, void* stream) {
    PMK_CUDA_READY;
    return fill(address, value, count, stream);
}

Result cuMemsetD32Async(Address address, unsigned value, size_t count, void* stream) {
    PMK_CUDA_READY;
    return fill(address, value, count, stream);
}
}
