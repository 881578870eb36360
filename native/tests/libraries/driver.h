// The stand-in libraries as a C++ program calls them: declarations and what every test begins with.
#pragma once
#include <vector>
#include "check.h"
#include "surface.h"

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void**, int);
int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemAlloc_v2(u64*, size_t);
int cuMemFree_v2(u64);
int cuMemFreeAsync(u64, void*);
int cuMemHostAlloc(void**, size_t, unsigned);
int cuMemFreeHost(void*);
int cuMemcpyHtoDAsync_v2(u64, const void*, size_t, void*);
int cuMemcpyDtoHAsync_v2(void*, u64, size_t, void*);
int cuMemcpyDtoDAsync_v2(u64, u64, size_t, void*);
int cuMemcpyDtoH_v2(void*, u64, size_t);
int cuMemcpyHtoD_v2(u64, const void*, size_t);
int cuMemsetD32Async(u64, unsigned, size_t, void*);
int cuStreamCreateWithPriority(void**, unsigned, int);
int cuStreamDestroy_v2(void*);
int cuStreamSynchronize(void*);
int cuStreamQuery(void*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuStreamIsCapturing(void*, int*);
int cuEventCreate(void**, unsigned);
int cuEventDestroy_v2(void*);
int cuEventRecord(void*, void*);
int cuEventQuery(void*);
int cuEventSynchronize(void*);
int cuEventElapsedTime(float*, void*, void*);
int cuModuleLoadDataEx(void**, const void*, unsigned, void*, void*);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuGraphInstantiateWithFlags(void**, void*, u64);
int cuGraphExecUpdate_v2(void*, void*, int*);
int cuGraphLaunch(void*, void*);
int cuGraphGetNodes(void*, void**, size_t*);
int cuGraphDestroy(void*);
int cuGraphExecDestroy(void*);
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*);
int nvrtcCompileProgram(void*, int, const char* const*);
int nvrtcGetProgramLogSize(void*, size_t*);
int nvrtcGetProgramLog(void*, char*);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcDestroyProgram(void**);
}

#define EXPECT_OK(call) EXPECT_EQUAL(call, 0)

namespace check {
// Initialises the driver with two devices and binds one to this thread.
void start(int device = 0);
// A stream of its own for each test, with what is queued at the end run and the stream gone.
class Stream {
public:
    Stream() { EXPECT_OK(cuStreamCreateWithPriority(&handle, 1, 0)); }
    ~Stream() { cuStreamDestroy_v2(handle); }
    operator void*() const { return handle; }

private:
    void* handle = nullptr;
};
// Device memory of some elements.
template <class T> class Device {
public:
    explicit Device(size_t elements) : count(elements) { EXPECT_OK(cuMemAlloc_v2(&at, elements * sizeof(T))); }
    explicit Device(const std::vector<T>& values) : Device(values.size()) {
        EXPECT_OK(cuMemcpyHtoD_v2(at, values.data(), count * sizeof(T)));
    }
    ~Device() { cuMemFree_v2(at); }
    std::vector<T> read() const {
        std::vector<T> values(count);
        EXPECT_OK(cuMemcpyDtoH_v2(values.data(), at, count * sizeof(T)));
        return values;
    }
    T* pointer() const { return reinterpret_cast<T*>(at); }
    u64 at = 0;
    const size_t count;
};
// Pinned memory of the host.
template <class T> class Pinned {
public:
    explicit Pinned(size_t elements) {
        void* made = nullptr;
        EXPECT_OK(cuMemHostAlloc(&made, elements * sizeof(T), 0));
        at = static_cast<T*>(made);
    }
    ~Pinned() { cuMemFreeHost(at); }
    T& operator[](size_t i) { return at[i]; }
    T* at;
};
// Forgets a lost context and all that was in it.
void recover();
// Compiles a source; the status, and the log.
int compile(const char* source, std::vector<char>& image, std::string& log);
// A kernel that multiplies n floats, `scale(float* y, const float* x, float by, int n)`, from a module that stays until then.
void* scale_kernel();
int launch_scale(void* stream, u64 y, u64 x, float by, int n);
}  // namespace check
