// What the tests of the libraries begin with.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include "driver.h"

namespace check {
void start(int device) {
    setenv("PMK_EMU_DEVICES", "2", 1);
    void* context = nullptr;
    EXPECT_OK(cuInit(0));
    EXPECT_OK(cuDevicePrimaryCtxRetain(&context, device));
    EXPECT_OK(cuCtxSetCurrent(context));
}

int compile(const char* source, std::vector<char>& image, std::string& log) {
    std::ifstream file(PMK_HEADER);
    std::stringstream text;
    text << file.rdbuf();
    const std::string header = text.str();
    const char *const headers[] = {header.c_str()}, *const names[] = {"pmk.cuh"};
    const char* const options[] = {"--gpu-architecture=sm_89", "--std=c++17"};
    void* program = nullptr;
    EXPECT_OK(nvrtcCreateProgram(&program, source, "test.cu", 1, headers, names));
    const int status = nvrtcCompileProgram(program, 2, options);
    size_t bytes = 0;
    EXPECT_OK(nvrtcGetProgramLogSize(program, &bytes));
    log.resize(bytes);
    EXPECT_OK(nvrtcGetProgramLog(program, log.data()));
    if (!status) {
        EXPECT_OK(nvrtcGetCUBINSize(program, &bytes));
        image.resize(bytes);
        EXPECT_OK(nvrtcGetCUBIN(program, image.data()));
    }
    EXPECT_OK(nvrtcDestroyProgram(&program));
    return status;
}

namespace {
void* kernel = nullptr;
}

void recover() {
    pmkEmuRecover();
    kernel = nullptr;
}

void* scale_kernel() {
    if (!kernel) {
        std::vector<char> image;
        std::string log;
        EXPECT_OK(compile("#include \"pmk.cuh\"\n"
                          "PMK_EXPORT void scale(float* y, const float* x, float by, int n) {\n"
                          "    const int i = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;\n"
                          "    if (i < n) y[i] = by * x[i];\n"
                          "}\n"
                          "PMK_REGISTER(scale)\n",
                          image, log));
        void* module = nullptr;
        EXPECT_OK(cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr));
        EXPECT_OK(cuModuleGetFunction(&kernel, module, "scale"));
    }
    return kernel;
}

int launch_scale(void* stream, u64 y, u64 x, float by, int n) {
    void* arguments[] = {&y, &x, &by, &n};
    const unsigned blocks = static_cast<unsigned>(n + 63) / 64;
    return cuLaunchKernel(scale_kernel(), blocks, 1, 1, 64, 1, 1, 0, stream, arguments, nullptr);
}
}  // namespace check
