// Modules and launches. An image is a shared library made by the stand-in compiler, after its mark and its size.
#include <dlfcn.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include "state.h"

namespace pmkemu::driver {
Module::~Module() {
    if (library) dlclose(library);
}

namespace {
enum { MAX_THREADS = 0, SHARED_SIZE = 1, LOCAL_SIZE = 3, REGISTERS = 4, MAX_DYNAMIC_SHARED = 8, CARVEOUT = 9 };
constexpr char MARK[8] = "PMKEMU1";
constexpr size_t PREFIX_BYTES = 16;

// The loader knows libraries by name, so each gets a name of its own.
Result load(const char* image, Module& module) {
    u64 bytes;
    std::memcpy(&bytes, image + sizeof MARK, sizeof bytes);
    const char* const folder = std::getenv("TMPDIR");
    std::string path = std::string(folder ? folder : "/tmp") + "/panamask-module-XXXXXX";
    const int file = mkstemp(path.data());
    if (file < 0) return fail(INVALID_IMAGE, "no file can be made for " + path);
    const bool written = write(file, image + PREFIX_BYTES, bytes) == static_cast<ssize_t>(bytes);
    close(file);
    take_registered();
    if (written) module.library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    unlink(path.c_str());
    if (!module.library) return fail(INVALID_IMAGE, written ? dlerror() : "no room to write the image");
    module.kernels = take_registered();
    return SUCCESS;
}

struct Function* function_of(void* handle) {
    for (const auto& [module, loaded] : state().modules) {
        for (const auto& [name, function] : loaded->functions) {
            if (function.get() == handle) return function.get();
        }
    }
    fail(INVALID_HANDLE, "no function, or one of an unloaded module");
    return nullptr;
}

struct Call {
    std::shared_ptr<Module> module;
    Launch launch;
    std::vector<std::vector<u8>> values;

    Result run() {
        std::vector<void*> addresses;
        for (auto& value : values) addresses.push_back(value.data());
        launch.arguments = addresses.data();
        state().launches++;
        u64 refused = 0;
        const std::string error = pmkemu::run(launch, &refused);
        if (refused) return fail(ILLEGAL_ADDRESS, error + ", " + place_of(refused));
        return error.empty() ? check_ends(launch.kernel->name) : fail(LAUNCH_FAILED, error);
    }
};
}  // namespace
}  // namespace pmkemu::driver

using namespace pmkemu;
using namespace pmkemu::driver;

extern "C" {
Result cuModuleLoadDataEx(void** handle, const void* image, unsigned, void*, void*) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    if (std::memcmp(image, MARK, sizeof MARK)) {
        return fail(INVALID_IMAGE, "the emulator loads only what its own compiler made; this image is for a GPU");
    }
    auto module = std::make_shared<Module>();
    if (const Result bad = load(static_cast<const char*>(image), *module)) return bad;
    *handle = module.get();
    state().modules[*handle] = std::move(module);
    return SUCCESS;
}

Result cuModuleUnload(void* handle) {
    PMK_CUDA_READY;
    if (!state().modules.count(handle)) return fail(INVALID_HANDLE, "no module, or one that was unloaded");
    const Result result = drain_device(nullptr);
    state().modules.erase(handle);
    return result;
}

Result cuModuleGetFunction(void** handle, void* module, const char* name) {
    PMK_CUDA_READY;
    const auto found = state().modules.find(module);
    if (found == state().modules.end()) return fail(INVALID_HANDLE, "no module, or one that was unloaded");
    const Kernel* const kernel = find_kernel(found->second->kernels, name);
    if (!kernel) return fail(NOT_FOUND, std::string("the module has no kernel ") + name);
    auto& slot = found->second->functions[name];
    if (!slot) slot = std::make_unique<Function>(Function{kernel, found->second});
    *handle = slot.get();
    return SUCCESS;
}

Result cuModuleGetGlobal_v2(Address*, size_t*, void* module, const char* name) {
    PMK_CUDA_READY;
    if (!state().modules.count(module)) return fail(INVALID_HANDLE, "no module, or one that was unloaded");
    return fail(NOT_FOUND, std::string("kernels of the portable dialect have no globals; not ") + name);
}

Result cuFuncSetAttribute(void* handle, int which, int value) {
    PMK_CUDA_READY;
    Function* const function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    if (which == CARVEOUT) return SUCCESS;
    if (which != MAX_DYNAMIC_SHARED || value < 0 || value > static_cast<int>(SHARED_BYTES)) {
        return fail(INVALID_VALUE, std::to_string(value) + " for attribute " + std::to_string(which));
    }
    function->dynamic_limit = static_cast<size_t>(value);
    return SUCCESS;
}

Result cuFuncGetAttribute(int* value, int which, void* handle) {
    PMK_CUDA_READY;
    const Function* const function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    *value = which == MAX_THREADS          ? 1024
             : which == MAX_DYNAMIC_SHARED ? static_cast<int>(function->dynamic_limit)
                                           : 0;
    return SUCCESS;
}

Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t dynamic_bytes) {
    PMK_CUDA_READY;
    if (!function_of(handle)) return INVALID_HANDLE;
    if (threads < 1 || threads > 1024) return fail(INVALID_VALUE, "a block of " + std::to_string(threads) + " threads");
    const size_t by_shared = 102400 / (dynamic_bytes + 1024);
    *blocks = static_cast<int>(std::min<size_t>({24, static_cast<size_t>(1536 / threads), by_shared}));
    return SUCCESS;
}

Result cuLaunchKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned dynamic_bytes, void* stream, void** arguments,
                      void** extra) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    const Function* const function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    const Kernel& kernel = *function->kernel;
    if (extra) return fail(INVALID_VALUE, std::string(kernel.name) + ": arguments as extra are not supported");
    if (dynamic_bytes > function->dynamic_limit) {
        return fail(INVALID_VALUE, std::string(kernel.name) + ": " + std::to_string(dynamic_bytes) +
                                       " bytes of dynamic shared memory, the function's attribute allows " +
                                       std::to_string(function->dynamic_limit));
    }
    auto call = std::make_shared<Call>();
    call->module = function->module.lock();
    call->launch = {&kernel, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, dynamic_bytes, nullptr};
    const std::string refused = refusal(call->launch);
    if (!refused.empty()) return fail(INVALID_VALUE, std::string(kernel.name) + ": " + refused);
    for (u32 i = 0; i < kernel.count; i++) {
        const u8* const value = static_cast<const u8*>(arguments[i]);
        call->values.emplace_back(value, value + kernel.sizes[i]);
    }
    return enqueue(stream, {[call] { return call->run(); }, kernel.name});
}

Result cuLaunchCooperativeKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                                 void**) {
    PMK_CUDA_READY;
    return fail(NOT_SUPPORTED, "blocks of the portable dialect do not wait for each other");
}

Result cuLaunchHostFunc(void* stream, void (*callback)(void*), void* data) {
    PMK_CUDA_READY;
    const auto run = [=]() -> Result {
        outside([=] { callback(data); });
        return SUCCESS;
    };
    return enqueue(stream, {run, "host function"});
}
}
