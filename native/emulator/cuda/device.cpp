// Start, devices and contexts. The attributes are those of an L40S, so that what is chosen by them is as on one.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "state.h"

namespace pmkemu::driver {
namespace {
thread_local Device* bound;
constexpr size_t DEFAULT_BYTES = 8ull << 30;

size_t configured_bytes() {
    const char* const text = std::getenv("PMK_EMU_MEM");
    return text ? std::strtoull(text, nullptr, 10) : DEFAULT_BYTES;
}

int attribute(int which) {
    switch (which) {
        case 1: return 1024;        // threads of a block
        case 2: return 1024;        // their x, y, z
        case 3: return 1024;
        case 4: return 64;
        case 5: return 2147483647;  // blocks of a grid, x, y, z
        case 6: return 65535;
        case 7: return 65535;
        case 8: return 49152;       // shared bytes of a block
        case 10: return 32;         // threads of a warp
        case 12: return 65536;      // registers of a block
        case 13: return 2520000;    // kHz
        case 16: return 142;        // multiprocessors
        case 32: return 1;          // error correction
        case 33: return 1;          // PCI bus
        case 38: return 100663296;  // second-level cache
        case 39: return 1536;       // threads of a multiprocessor
        case 75: return 8;          // compute capability
        case 76: return 9;
        case 81: return 102400;     // shared bytes of a multiprocessor
        case 95: return 1;          // cooperative launch
        case 97: return static_cast<int>(SHARED_BYTES);
        case 115: return 1;         // memory pools
        default: return 0;
    }
}

Device* device_of(int number) {
    State& s = state();
    return number >= 0 && number < static_cast<int>(s.devices.size()) ? s.devices[number].get() : nullptr;
}
}  // namespace

Device*& bound_device() { return bound; }
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuInit(unsigned flags) {
    PMK_CUDA_ENTER;
    if (flags) return fail(INVALID_VALUE, "cuInit takes no flags");
    State& s = state();
    if (!s.initialized) {
        const char* const text = std::getenv("PMK_EMU_DEVICES");
        const int devices = text ? std::atoi(text) : 1;
        for (int i = 0; i < devices; i++) {
            s.devices.push_back(std::make_unique<Device>());
            s.devices.back()->number = i;
        }
        if (!s.limit) s.limit = configured_bytes();
        s.eager = s.eager || std::getenv("PMK_EMU_EAGER");
        s.initialized = true;
    }
    return SUCCESS;
}

Result cuDriverGetVersion(int* version) {
    if (const Result refused = enter(__func__)) return refused;
    *version = 13000;
    return SUCCESS;
}

Result cuDeviceGetCount(int* count) {
    PMK_CUDA_READY;
    *count = static_cast<int>(state().devices.size());
    return SUCCESS;
}

Result cuDeviceGet(int* device, int number) {
    PMK_CUDA_READY;
    if (!device_of(number)) return fail(INVALID_DEVICE, "there is no device " + std::to_string(number));
    *device = number;
    return SUCCESS;
}

Result cuDeviceGetName(char* name, int bytes, int device) {
    PMK_CUDA_READY;
    if (!device_of(device)) return INVALID_DEVICE;
    std::snprintf(name, static_cast<size_t>(bytes), "Panamask CPU emulator");
    return SUCCESS;
}

Result cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
    PMK_CUDA_READY;
    if (!device_of(device)) return INVALID_DEVICE;
    std::memset(uuid, 0, 16);
    std::memcpy(uuid, "emulator", 8);
    uuid[15] = static_cast<unsigned char>(device);
    return SUCCESS;
}

Result cuDeviceGetPCIBusId(char* text, int bytes, int device) {
    PMK_CUDA_READY;
    if (!device_of(device)) return INVALID_DEVICE;
    std::snprintf(text, static_cast<size_t>(bytes), "0000:%02x:00.0", device + 1);
    return SUCCESS;
}

Result cuDeviceTotalMem_v2(size_t* bytes, int device) {
    PMK_CUDA_READY;
    if (!device_of(device)) return INVALID_DEVICE;
    *bytes = state().limit;
    return SUCCESS;
}

Result cuDeviceGetAttribute(int* value, int which, int device) {
    PMK_CUDA_READY;
    if (!device_of(device)) return INVALID_DEVICE;
    *value = attribute(which);
    return SUCCESS;
}

Result cuDeviceCanAccessPeer(int* can, int device, int peer) {
    PMK_CUDA_READY;
    if (!device_of(device) || !device_of(peer)) return INVALID_DEVICE;
    *can = device != peer;
    return SUCCESS;
}

Result cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
    PMK_CUDA_READY;
    return device_of(device) ? SUCCESS : INVALID_DEVICE;
}

Result cuDevicePrimaryCtxRetain(void** context, int device) {
    PMK_CUDA_READY;
    *context = device_of(device);
    return *context ? SUCCESS : INVALID_DEVICE;
}

Result cuDevicePrimaryCtxRelease_v2(int device) {
    PMK_CUDA_READY;
    return device_of(device) ? SUCCESS : INVALID_DEVICE;
}

Result cuCtxSetCurrent(void* context) {
    PMK_CUDA_READY;
    bound_device() = static_cast<Device*>(context);
    return SUCCESS;
}

Result cuCtxGetCurrent(void** context) {
    PMK_CUDA_READY;
    *context = bound_device();
    return SUCCESS;
}

Result cuCtxGetDevice(int* device) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    *device = bound_device()->number;
    return SUCCESS;
}

Result cuCtxSynchronize() {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    if (const Result refused = unsafe("cuCtxSynchronize")) return refused;
    return drain_device(bound_device());
}

void pmkEmuMemory(unsigned long long bytes) {
    const Guard guard;
    state().limit = bytes ? bytes : configured_bytes();
}

int pmkEmuDevice() { return bound_device() ? bound_device()->number : -1; }
}
