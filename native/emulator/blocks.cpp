// One block: its threads, who runs next, its barrier, and what is said when nobody can go on.
#include <cstdlib>
#include <cstring>
#include "scheduler.h"

namespace pmkemu {
__thread Thread* current __attribute__((tls_model("initial-exec")));
__thread Worker* worker __attribute__((tls_model("initial-exec")));

// How many picks a random order of warps lasts, if no barrier comes before.
constexpr unsigned PICKS_OF_ONE_ORDER = 256;

Worker::Worker() = default;
Worker::~Worker() = default;

bool Worker::run(const Launch& launch, Index block) {
    begin(launch, block);
    borrow_stack();
    go_to(pick(), &main);
    end(block);
    return error.empty();
}

void Worker::begin(const Launch& of, Index block) {
    launch = &of;
    worker = this;
    seed = options().seed;
    randomness = seed + 1;
    const unsigned threads = of.block.x * of.block.y * of.block.z;
    error.clear();
    refused = 0;
    at_barrier = 0;
    live = threads;
    warps.assign((threads + 31) / 32, Warp{});
    if (strands.size() < threads) strands.resize(threads);
    for (unsigned i = 0; i < threads; i++) {
        Strand& strand = strands[i];
        strand.thread = {i % of.block.x, i / of.block.x % of.block.y, i / (of.block.x * of.block.y)};
        strand.block = block;
        strand.block_size = of.block;
        strand.grid_size = of.grid;
        strand.lane = i & 31;
        strand.warp = i >> 5;
        strand.fiber = nullptr;
        strand.done = false;
        strand.waits = nullptr;
        strand.copies.clear();
        strand.groups = 0;
        warps[strand.warp].live |= 1u << strand.lane;
        warps[strand.warp].runnable |= 1u << strand.lane;
    }
    draw_order();
    if (of.dynamic_bytes) {
        if (posix_memalign(&dynamic, 128, of.dynamic_bytes)) std::abort();
        std::memset(dynamic, 0xff, of.dynamic_bytes);
    }
}

void Worker::end(Index block) {
    for (SharedArray& array : arrays) std::free(array.memory);
    arrays.clear();
    static_bytes = 0;
    std::free(dynamic);
    dynamic = nullptr;
    if (!live && error.empty()) return;
    if (error.empty()) census(block);
    idle.clear();
    for (auto& fiber : fibers) {
        fiber->fresh = true;
        idle.push_back(fiber.get());
    }
}

void Worker::census(Index block) {
    error = "deadlock in block (" + std::to_string(block.x) + ", " + std::to_string(block.y) + ", " +
            std::to_string(block.z) + "):";
    const size_t threads = launch->block.x * launch->block.y * launch->block.z;
    for (size_t i = 0, same = 0; i < threads; i += same) {
        auto state = [&](const Strand& strand) { return strand.done ? "exited" : strand.waits ? strand.waits : "not run"; };
        const char* const what = state(strands[i]);
        for (same = 0; i + same < threads && !std::strcmp(state(strands[i + same]), what);) same++;
        error += " " + std::to_string(same) + "x " + what + ";";
    }
}

void Worker::fail(const std::string& text) {
    if (error.empty()) error = text;
}

unsigned Worker::random(unsigned bound) {
    randomness ^= randomness << 13;
    randomness ^= randomness >> 17;
    randomness ^= randomness << 5;
    return randomness % bound;
}

void Worker::draw_order() {
    const unsigned count = static_cast<unsigned>(warps.size());
    order.resize(count);
    for (unsigned i = 0; i < count; i++) order[i] = seed == 1 ? count - 1 - i : i;
    if (seed > 1) {
        for (unsigned i = count; i > 1; i--) std::swap(order[i - 1], order[random(i)]);
    }
}

// Greedy: the first warp in order that can run does. Taking turns hides almost every missing barrier.
Strand* Worker::pick() {
    if (seed > 1 && ++picks % PICKS_OF_ONE_ORDER == 0) draw_order();
    for (unsigned index : order) {
        Warp& warp = warps[index];
        if (warp.runnable) {
            const int lane = __builtin_ctz(warp.runnable);
            warp.runnable &= warp.runnable - 1;
            return &strands[index * 32 + lane];
        }
    }
    return nullptr;
}

void Worker::block_sync() {
    if (++at_barrier == live) {
        const Index& size = launch->block;
        if (live != size.x * size.y * size.z) fail("a barrier was reached after some threads of the block had exited");
        at_barrier = 0;
        for (Warp& warp : warps) warp.runnable = warp.live;
        draw_order();
    }
    wait("barrier");
}

void block_sync() { worker->block_sync(); }
}  // namespace pmkemu
