// What the emulator says of kernels that break the rules, and how it treats memory.
#include "check.h"

using namespace check;

namespace {
std::vector<int> out(1024);

std::string broken(const char* kernel, unsigned threads) { return launch(kernel, {1, 1, 1}, threads, 0, out.data()); }
}  // namespace

TEST(misuse_is_reported_with_what_every_thread_waits_for) {
    EXPECT_TEXT(broken("half_a_warp_shuffles", 64),
                "half_a_warp_shuffles: deadlock in block (0, 0, 0): 16x shuffle xor; 16x exited;");
    EXPECT_TEXT(broken("lanes_meet_differently", 32), "lanes of one warp meet in different collectives: ");
    EXPECT_TEXT(broken("a_thread_leaves_before_the_barrier", 32), "exited");
    EXPECT_TEXT(broken("one_warp_passes_the_barrier_by", 64), "barrier");
    EXPECT_TEXT(broken("crooked_rows", 32), "ldmatrix of a row whose address is no multiple of 16");
    EXPECT_TEXT(broken("too_much_shared", 32), "49156 bytes of static");
    alignas(16) static u8 bytes[1024 + 16];
    EXPECT_TEXT(launch("crooked_copy", {1, 1, 1}, 32, 0, &bytes[0], out.data()), "no multiple of 16");
}

TEST(impossible_launches_are_refused) {
    EXPECT_TEXT(broken("neighbours", 48), "no multiple of 32");
    EXPECT_TEXT(broken("neighbours", 2048), "a block of 2048 threads");
    EXPECT_TEXT(launch("neighbours", {1, 70000, 1}, 32, 0, out.data(), 1), "a grid of 1 x 70000 x 1");
    EXPECT_TEXT(launch("neighbours", {1, 1, 1}, 32, 101377, out.data(), 1), "101377 bytes of dynamic shared memory");
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(an_access_to_no_memory_ends_the_launch_and_not_the_process) {
    const int* const wild = reinterpret_cast<const int*>(u64{0x1230});
    EXPECT_TEXT(launch("wild_read", {1, 1, 1}, 64, 0, wild, out.data()),
                "wild_read: thread (37, 0, 0) of block (0, 0, 0) accessed 0x1230, where there is no memory");
    EXPECT_TEXT(broken("endless_stack", 64), "endless_stack: thread (");
    EXPECT_TEXT(broken("endless_stack", 64), " needs more than 131072 bytes of stack");
    EXPECT(launch("neighbours", {64, 1, 1}, 256, 0, out.data(), 1).empty());
    for (int i = 0; i < 256; i++) EXPECT_EQUAL(out[i], (i + 32) % 256);
}
#endif

TEST(a_launch_works_after_one_that_failed) {
    EXPECT(!broken("half_a_warp_shuffles", 64).empty());
    EXPECT(launch("neighbours", {3, 1, 1}, 256, 0, out.data(), 1).empty());
    for (int i = 0; i < 256; i++) EXPECT_EQUAL(out[i], (i + 32) % 256);
}

TEST(fresh_shared_memory_is_nan) {
    std::vector<float> two(2);
    EXPECT(launch("fresh_shared", {1, 1, 1}, 32, 64, two.data()).empty());
    EXPECT(std::isnan(two[0]));
    EXPECT(std::isnan(two[1]));
}

TEST(asynchronous_copies_land_late_or_early_by_the_seed) {
    Numbers numbers;
    alignas(16) float from[128];
    for (float& one : from) one = numbers.next();
    std::vector<float> landed(96);
    EXPECT(launch("copies_land", {1, 1, 1}, 32, 0, &from[0], landed.data()).empty());
    for (int lane = 0; lane < 32; lane++) {
        EXPECT(pmkemu::options().seed & 1 ? landed[lane] == from[lane * 4] : std::isnan(landed[lane]));
        EXPECT_EQUAL(landed[32 + lane], from[lane * 4]);
        EXPECT_EQUAL(landed[64 + lane], 0.f);
    }
}

// One of the two greedy orders reads before the other warp wrote.
TEST(a_missing_barrier_shows_with_one_of_the_two_greedy_orders) {
    const unsigned before = pmkemu::options().seed;
    bool seen = false;
    for (const unsigned seed : {0u, 1u}) {
        pmkemu::options().seed = seed;
        EXPECT(launch("neighbours", {1, 1, 1}, 256, 0, out.data(), 0).empty());
        for (int i = 0; i < 256; i++) seen = seen || out[i] != (i + 32) % 256;
    }
    pmkemu::options().seed = before;
    EXPECT(seen);
}
