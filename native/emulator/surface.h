// What the stand-ins share, and what tests ask of them: symbols of the stand-in driver beside those of CUDA.
#pragma once
#include <cstddef>

extern "C" {
// For the stand-in libraries. Every function of theirs begins with `enter`: it counts the call, and a code that is not
// 0 is to be returned at once.
int pmkEmuEnter(const char* library, const char* function);
// Queues `work(data)` on a stream and takes care of `data`; the code is the driver's. `waits` is true for work that
// waits for other processes or threads: a query of the stream does not run it.
int pmkEmuEnqueue(void* stream, const char* kind, bool waits, void (*work)(void*), void* data, void (*drop)(void*));
// Whether [address, address + bytes) lies inside one live device allocation.
int pmkEmuIsDevice(unsigned long long address, size_t bytes);
// Runs `work(data)` without the driver's lock, for work that waits for other threads.
void pmkEmuOutside(void (*work)(void*), void* data);
// The device of this thread's context, or -1.
int pmkEmuDevice();

// For tests. The call number `call` from now (1: the next) to `where`, a library (cuda, memory, nvrtc, cublaslt, cublas,
// nccl; memory: the calls of the driver that allocate) or one function, returns `code`; 0 takes that back.
void pmkEmuFail(const char* where, unsigned long long call, int code);
// The calls so far to a library or a function.
unsigned long long pmkEmuCalls(const char* where);
void pmkEmuResetCalls();
// The function whose call failed last because a test wanted it; the length that its name has.
size_t pmkEmuFailed(char* text, size_t bytes);
// Every library and function called so far with its count, `name count` a line; the length it has, or would have.
size_t pmkEmuTrace(char* text, size_t bytes);
// One of: launches, threads, switches, bytes, peakBytes, allocations, allocationCalls, pinnedBytes, pinned, streams,
// events, modules, graphs, graphLaunches, waits; of all devices together.
unsigned long long pmkEmuCounter(const char* name);
// Makes the peak what is in use now.
void pmkEmuResetPeak();
// The bytes that each device has; 0: as at start, PMK_EMU_MEM or 8 GiB.
void pmkEmuMemory(unsigned long long bytes);
void pmkEmuSchedule(unsigned seed, unsigned os_threads);
// Runs work at once from now on, or when something waits for it.
void pmkEmuEager(int eager);
// Forgets a fatal error and the context that it ended with all that was in it, which a process cannot do on a GPU.
void pmkEmuRecover();
// What the last failed call of this thread was about.
const char* pmkEmuDetail();
}
