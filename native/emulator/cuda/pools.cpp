// Memory pools: all of them are the device's one.
#include "state.h"

namespace pmkemu::driver {
namespace {
enum { RELEASE_THRESHOLD = 4, RESERVED_CURRENT, RESERVED_HIGH, USED_CURRENT, USED_HIGH };

Result pool_of(void* pool, Device** device) {
    if (!state().pools.count(pool)) return fail(INVALID_HANDLE, "no memory pool");
    *device = state().devices.front().get();
    for (const auto& each : state().devices) {
        if (&each->release_threshold == pool) *device = each.get();
    }
    return SUCCESS;
}
}  // namespace
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuDeviceGetDefaultMemPool(void** pool, int device) {
    PMK_CUDA_READY;
    if (device < 0 || device >= static_cast<int>(state().devices.size())) return INVALID_DEVICE;
    *pool = &state().devices[device]->release_threshold;
    state().pools.insert(*pool);
    return SUCCESS;
}

Result cuMemPoolCreate(void** pool, const void*) {
    PMK_CUDA_READY;
    *pool = new u64();
    state().pools.insert(*pool);
    return SUCCESS;
}

Result cuMemPoolDestroy(void* pool) {
    PMK_CUDA_READY;
    for (const auto& device : state().devices) {
        if (pool == &device->release_threshold) return fail(INVALID_VALUE, "the default pool cannot be destroyed");
    }
    if (!state().pools.erase(pool)) return fail(INVALID_HANDLE, "no memory pool");
    delete static_cast<u64*>(pool);
    return SUCCESS;
}

Result cuMemPoolGetAttribute(void* pool, int which, u64* value) {
    PMK_CUDA_READY;
    Device* device;
    if (const Result refused = pool_of(pool, &device)) return refused;
    switch (which) {
        case RELEASE_THRESHOLD: *value = device->release_threshold; return SUCCESS;
        case RESERVED_CURRENT:
        case USED_CURRENT: *value = device->pool_bytes; return SUCCESS;
        case RESERVED_HIGH:
        case USED_HIGH: *value = device->pool_peak; return SUCCESS;
        default: return fail(INVALID_VALUE, "no attribute of a pool that this emulator has");
    }
}

Result cuMemPoolSetAttribute(void* pool, int which, const u64* value) {
    PMK_CUDA_READY;
    Device* device;
    if (const Result refused = pool_of(pool, &device)) return refused;
    if (which == RELEASE_THRESHOLD) device->release_threshold = *value;
    if (which == RESERVED_HIGH || which == USED_HIGH) device->pool_peak = device->pool_bytes;
    return SUCCESS;
}

Result cuMemPoolTrimTo(void* pool, size_t) {
    PMK_CUDA_READY;
    Device* device;
    return pool_of(pool, &device);
}
}
