// The functions of the driver and of NVRTC that are called here, declared without NVIDIA's headers.
#pragma once
#include <cstddef>

extern "C" {
int cuCtxGetDevice(int*);
int cuDeviceGetAttribute(int*, int, int);
int cuModuleLoadDataEx(void**, const void*, unsigned, void*, void*);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuGetErrorString(int, const char**);
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*);
int nvrtcCompileProgram(void*, int, const char* const*);
int nvrtcGetProgramLogSize(void*, size_t*);
int nvrtcGetProgramLog(void*, char*);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcDestroyProgram(void**);
const char* nvrtcGetErrorString(int);
}
