// Inside the kernel emulator: CUDA threads as fibers, warps, and the worker that runs one block at a time.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "launch.h"

namespace pmkemu {
#if defined(__x86_64__)
struct Context {
    void* stack_pointer = nullptr;
};
#else
struct Context;
#endif

struct Strand;

// A stack of its own; it runs one CUDA thread after another.
struct Fiber {
    std::unique_ptr<Context> context;
    char* stack = nullptr;
    size_t stack_bytes = 0;
    unsigned colour = 0;
    bool fresh = true, borrowed = false;
    Strand* strand = nullptr;
    void* sanitizer = nullptr;
    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
};

struct Copy {
    void* to;
    const void* from;
    bool take;
    int group;
};

// One CUDA thread: what the kernel sees of it, and where it stands. It has a fiber from its start to its end.
struct Strand : Thread {
    Fiber* fiber = nullptr;
    bool done = false;
    const char* waits = nullptr;
    std::vector<Copy> copies;
    int groups = 0;
};

struct Warp {
    u32 live = 0, runnable = 0, arrived = 0;
    Collective what{};
    u32* words[32];
};

struct SharedArray {
    const void* declaration;
    void* memory;
    size_t bytes;
};

// Runs blocks, one at a time, on the OS thread that calls it.
class Worker {
public:
    Worker();
    ~Worker();
    // Whether the block ended well; else `error` tells.
    bool run(const Launch& launch, Index block);

    void block_sync();
    void meet(Collective what, u32* words, int takes);
    void* shared_array(const void* declaration, size_t bytes);
    void* dynamic_shared() const { return dynamic; }
    void copy(const Copy& copy);
    // The first of several errors is kept; the block is given up at the next switch.
    void fail(const std::string& text);
    // Ends the block from a thread whose access, to `refused`, the machine did not allow.
    [[noreturn]] void give_up();

    std::string error;
    u64 refused = 0;
    std::unique_ptr<char[]> signal_stack;
    u64 switches = 0;
    const Launch* launch = nullptr;

private:
    friend struct FiberSwitch;
    void begin(const Launch& launch, Index block);
    void end(Index block);
    void census(Index block);
    void draw_order();
    unsigned random(unsigned bound);
    Strand* pick();
    void wait(const char* why);
    void go_to(Strand* next, Fiber* from);
    void borrow_stack();
    Fiber* idle_fiber();
    [[noreturn]] void fiber_loop(Fiber* fiber);

    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Fiber*> idle;
    std::vector<Strand> strands;
    std::vector<Warp> warps;
    std::vector<unsigned> order;
    unsigned picks = 0, at_barrier = 0, live = 0, seed = 0, randomness = 1;
    std::vector<SharedArray> arrays;
    size_t static_bytes = 0;
    void* dynamic = nullptr;
    Fiber main;
};

extern __thread Worker* worker __attribute__((tls_model("initial-exec")));
const char* name_of(Collective what);

// The arithmetic of collectives: `words` holds each lane's inputs and receives its results.
void multiply(Collective what, u32* const (&words)[32]);
// Whether every row address was a multiple of 16.
bool load_matrices(Collective what, u32* const (&words)[32]);
void shuffle(Collective what, u32* const (&words)[32], int words_each);
}  // namespace pmkemu
