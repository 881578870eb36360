// The lock, what is refused before a call begins, and the texts of errors.
#include "state.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace pmkemu::driver {
namespace {
struct Failure {
    Result code = SUCCESS;
    std::string text;
};
thread_local Failure last;
thread_local std::unique_lock<std::mutex>* held;
thread_local bool in_callback;

struct Name {
    Result code;
    const char* name;
    const char* text;
};
constexpr Name NAMES[] = {
    {SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {4, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {NOT_PERMITTED, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {902, "CUDA_ERROR_STREAM_CAPTURE_MERGE", "operation would result in a merge of separate capture sequences"},
    {CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not ended in the same stream as it began"},
    {CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
     "dependency created on uncaptured work in another stream"},
    {906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing stream"},
    {CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
     "attempt to terminate a thread-local capture sequence from another thread"},
};

const Name* find(Result code) {
    for (const Name& name : NAMES) {
        if (name.code == code) return &name;
    }
    return nullptr;
}
}  // namespace

State& state() {
    // Never destroyed: threads may still call while the process ends.
    static State& state = *new State;
    return state;
}

Guard::Guard() { held = new std::unique_lock<std::mutex>(state().lock); }
Guard::~Guard() {
    delete held;
    held = nullptr;
}

void wait_for_change() { state().changed.wait(*held); }

void outside(const std::function<void()>& work) {
    std::unique_lock<std::mutex>* const lock = held;
    lock->unlock();
    held = nullptr;
    in_callback = true;
    work();
    in_callback = false;
    lock->lock();
    held = lock;
}

Result enter(const char* function) {
    const Result code = pmkEmuEnter("cuda", function);
    if (code) {
        if (code == ILLEGAL_ADDRESS || code == MISALIGNED_ADDRESS || code == LAUNCH_FAILED) {
            const Guard guard;
            make_sticky(code);
        }
        return fail(code, std::string("a test wants ") + function + " to fail");
    }
    return in_callback ? fail(NOT_PERMITTED, std::string(function) + " was called by work of a stream") : SUCCESS;
}

Result ready() {
    State& s = state();
    if (!s.initialized) return fail(NOT_INITIALIZED, "cuInit has not been called");
    return s.sticky ? fail(s.sticky, s.sticky_detail) : SUCCESS;
}

Result fail(Result code, const std::string& detail) {
    last = {code, detail};
    static const bool verbose = std::getenv("PMK_EMU_VERBOSE");
    if (verbose) std::fprintf(stderr, "[emulator] %d: %s\n", code, detail.c_str());
    return code;
}

void make_sticky(Result code) {
    state().sticky = code;
    state().sticky_detail = last.code == code ? last.text : "";
}

double now() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuGetErrorName(Result code, const char** name) {
    const Name* const found = find(code);
    *name = found ? found->name : nullptr;
    return found ? SUCCESS : INVALID_VALUE;
}

// The driver's own text, and in this emulator also what it was about.
Result cuGetErrorString(Result code, const char** text) {
    static thread_local std::string whole;
    const Name* const found = find(code);
    if (!found) {
        *text = nullptr;
        return INVALID_VALUE;
    }
    whole = found->text;
    if (code && last.code == code && !last.text.empty()) whole += ": " + last.text;
    *text = whole.c_str();
    return SUCCESS;
}

const char* pmkEmuDetail() { return last.text.c_str(); }
}
