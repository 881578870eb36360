// Shuffles, votes, reductions and atomics.
#include "check.h"

using namespace check;

namespace {
template <class V> void expect_shuffles(const char* kernel) {
    std::vector<V> out(128);
    EXPECT(launch(kernel, {1, 1, 1}, 32, 0, out.data()).empty());
    const V base = static_cast<V>(1000000);
    for (int lane = 0; lane < 32; lane++) {
        EXPECT_EQUAL(out[lane], base + static_cast<V>(lane ^ 5));
        EXPECT_EQUAL(out[32 + lane], base + static_cast<V>((lane * 3) & 31));
        EXPECT_EQUAL(out[64 + lane], base + static_cast<V>(lane < 2 ? lane : lane - 2));
        EXPECT_EQUAL(out[96 + lane], base + static_cast<V>(lane > 28 ? lane : lane + 3));
    }
}

struct Totals {
    double sum64;
    u64 count64;
    float sum32, largest, largest_negative;
    u32 count, most, least, bits;
    i32 most_signed;
};
}  // namespace

TEST(shuffles_move_every_type) {
    expect_shuffles<i32>("shuffles_i32");
    expect_shuffles<float>("shuffles_f32");
    expect_shuffles<u64>("shuffles_u64");
    expect_shuffles<double>("shuffles_f64");
}

TEST(votes_have_one_bit_a_lane) {
    std::vector<u32> out(34);
    EXPECT(launch("votes", {1, 1, 1}, 32, 0, out.data()).empty());
    for (int lane = 0; lane < 32; lane++) EXPECT_EQUAL(out[lane], 0x49249249u);
    EXPECT_EQUAL(out[32], 11u);
    EXPECT_EQUAL(out[33], 3u);
}

TEST(blocks_reduce_to_every_thread) {
    Numbers numbers;
    const std::vector<float> x = random_of<float>(96, numbers);
    std::vector<float> out = empty_of<float>(288);
    EXPECT(launch("reductions", {1, 1, 1}, 96, 0, x.data(), out.data()).empty());
    double sum = 0, largest = -2;
    for (const float one : x) {
        sum += one;
        largest = one > largest ? one : largest;
    }
    for (int i = 0; i < 96; i++) {
        EXPECT_BELOW(std::fabs(out[i] - sum), 1e-5);
        EXPECT_EQUAL(static_cast<double>(out[96 + i]), largest);
        EXPECT_EQUAL(out[192 + i], static_cast<float>(sum));
    }
}

TEST(atomics_lose_nothing) {
    const float low = -INFINITY;
    Totals t{0, 0, 0, low, low, 0, 0, ~0u, 0, -1000000};
    EXPECT(launch("atomics", {40, 1, 1}, 64, 0, &t).empty());
    EXPECT_EQUAL(t.sum64, 1280.0);
    EXPECT_EQUAL(t.count64, 2560ull);
    EXPECT_EQUAL(t.sum32, 2560.f);
    EXPECT_EQUAL(t.largest, 2459.f);
    EXPECT_EQUAL(t.largest_negative, -1.f);
    EXPECT_EQUAL(t.count, 2560u);
    EXPECT_EQUAL(t.most, 2559u);
    EXPECT_EQUAL(t.least, 7u);
    EXPECT_EQUAL(t.bits, ~0u);
    EXPECT_EQUAL(t.most_signed, 0);
}

TEST(a_nan_wins_the_atomic_maximum) {
    float x = -3;
    pmk_atomic_max(&x, -4.f);
    EXPECT_EQUAL(x, -3.f);
    pmk_atomic_max(&x, -0.f);
    EXPECT(x == 0 && std::signbit(x));
    pmk_atomic_max(&x, 2.f);
    EXPECT_EQUAL(x, 2.f);
    pmk_atomic_max(&x, NAN);
    EXPECT(std::isnan(x));
}
