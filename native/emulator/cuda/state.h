// The stand-in driver's state, all of it behind one lock.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include "../launch.h"
#include "../surface.h"

namespace pmkemu::driver {
using Result = int;
using Address = u64;
enum : Result {
    SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, INVALID_DEVICE = 101, INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201, NO_BINARY_FOR_GPU = 209, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
    ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719,
    NOT_PERMITTED = 800, NOT_SUPPORTED = 801, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901,
    CAPTURE_UNMATCHED = 903, CAPTURE_UNJOINED = 904, CAPTURE_ISOLATION = 905, CAPTURE_WRONG_THREAD = 908
};

struct Stream;
struct Node {
    const char* kind;
    std::function<Result()> run;
};
// A graph being recorded, and then the graph.
struct Graph {
    std::vector<Node> nodes;
    Stream* origin = nullptr;
    std::set<Stream*> members, unjoined;
    int mode = 0;
    std::thread::id owner;
    bool invalid = false;
};
struct GraphExec {
    std::shared_ptr<std::vector<Node>> nodes;
};
struct Device {
    int number;
    size_t bytes = 0, pool_bytes = 0, pool_peak = 0;
    u64 release_threshold = 0;
};
// One recording of an event.
struct Mark {
    bool done = false;
    Stream* stream = nullptr;
    std::shared_ptr<Graph> capture;
    u64 captured_at = 0;
    double milliseconds = 0;
};
struct Event {
    unsigned flags;
    std::shared_ptr<Mark> mark;
};
struct Work {
    std::function<Result()> run{};
    const char* kind = "";
    bool waits = false;
    std::shared_ptr<Mark> record{}, wait{};
};
struct Stream {
    Device* device;
    std::deque<Work> queue;
    bool draining = false;
    std::shared_ptr<Graph> capture;
    u64 captured = 0;
};
struct Module {
    void* library = nullptr;
    Kernel* kernels = nullptr;
    std::map<std::string, std::unique_ptr<struct Function>> functions;
    ~Module();
};
struct Function {
    const Kernel* kernel;
    std::weak_ptr<Module> module;
    size_t dynamic_limit = STATIC_SHARED_BYTES;
};
struct Block {
    size_t bytes;
    Device* device;
    bool mapped, pooled;
};

struct State {
    std::mutex lock;
    std::condition_variable changed;
    bool initialized = false, eager = false;
    Result sticky = SUCCESS;
    std::string sticky_detail;
    size_t limit = 0, peak = 0, pinned_bytes = 0;
    u64 launches = 0, waits = 0, graph_launches = 0, allocation_calls = 0;
    std::vector<std::unique_ptr<Device>> devices;
    std::map<Address, Block> memory;
    std::map<Address, size_t> pinned;
    std::map<void*, std::unique_ptr<Stream>> streams;
    std::map<void*, std::unique_ptr<Event>> events;
    std::map<void*, std::shared_ptr<Module>> modules;
    std::map<void*, std::shared_ptr<Graph>> graphs;
    std::map<void*, std::unique_ptr<GraphExec>> executables;
    std::set<void*> pools;
};
State& state();

// Holds the lock of the state for one call.
class Guard {
public:
    Guard();
    ~Guard();
};
// Waits for a change of the state, or runs work, without the lock that this thread holds.
void wait_for_change();
void outside(const std::function<void()>& work);

// Counts the call and says whether it may go on: not where a test wants it to fail, nor in a callback of a stream.
Result enter(const char* function);
// SUCCESS, or why nothing works: not initialised, or a fatal error before.
Result ready();
// Notes what went wrong for cuGetErrorString and returns `code`.
Result fail(Result code, const std::string& detail);
void make_sticky(Result code);
Device*& bound_device();

Stream* live(void* stream);
// Why this thread may not do `what` now, which waits or allocates: SUCCESS unless something is being captured.
Result unsafe(const char* what);
// Adds work to the stream, or to the graph it is being captured into.
Result enqueue(void* stream, Work work);
// Runs a stream's work up to a mark, or all of it.
Result drain(Stream& stream, const Mark* until = nullptr);
Result drain_device(Device* device);
Result finish(const std::shared_ptr<Mark>& mark);
// Runs one thing at most, and nothing that waits for others.
Result step(Stream& stream);

// Drops what a stream has not run, as if it had been.
void discard(Stream& stream);

// Takes all device memory back.
void forget_memory();
bool in_device(Address address, size_t bytes);
bool in_pinned(const void* address, size_t bytes);
// Where an address is among the live allocations of devices.
std::string place_of(Address address);
// Whether anyone wrote past the end of an allocation.
Result check_ends(const char* who);
double now();
}  // namespace pmkemu::driver

#define PMK_CUDA_ENTER \
    if (const Result refused_ = enter(__func__)) return refused_; \
    const Guard guard_
#define PMK_CUDA_READY \
    PMK_CUDA_ENTER;    \
    if (const Result refused_ = ready()) return refused_
