// Fragments, conversions and random numbers against plain code.
#include <cstring>
#include "check.h"

using namespace check;

namespace {
template <class T> double product_error(const char* kernel, int inner) {
    Numbers numbers;
    const std::vector<T> a = random_of<T>(16 * inner, numbers), b = random_of<T>(inner * 8, numbers);
    std::vector<float> d = empty_of<float>(16 * 8);
    EXPECT(launch(kernel, {1, 1, 1}, 32, 0, a.data(), b.data(), d.data()).empty());
    double error = 0;
    for (int m = 0; m < 16; m++) {
        for (int n = 0; n < 8; n++) {
            double sum = 0;
            for (int k = 0; k < inner; k++) sum += at(a, m * inner + k) * at(b, k * 8 + n);
            error = worse(error, std::fabs(sum - d[m * 8 + n]));
        }
    }
    return error;
}

// The nearest of all codes, the even one of two, by search; infinity counts as too large.
template <class T> u32 nearest_code(float x, u32 codes, u32 largest) {
    u32 best = 0;
    double distance = INFINITY;
    for (u32 code = 0; code <= largest; code++) {
        T one;
        one.u = static_cast<decltype(one.u)>(code);
        const double d = std::fabs(std::fabs(static_cast<double>(x)) - static_cast<double>(pmk_to_f32(one)));
        if (d < distance || (d == distance && !(code & 1))) {
            best = code;
            distance = d;
        }
    }
    return std::signbit(x) ? best | codes / 2 : best;
}

template <class T> void expect_nearest(u32 largest) {
    Numbers numbers;
    for (int i = 0; i < 20000; i++) {
        const float x = std::ldexp(numbers.next(), static_cast<int>(numbers.next() * 24));
        T one;
        pmk_from_f32(x, one);
        EXPECT_EQUAL(static_cast<u32>(one.u), nearest_code<T>(x, 256, largest));
    }
}
}  // namespace

TEST(products_of_fragments_are_those_of_matrices) {
    EXPECT_BELOW(product_error<bf16>("product_bf16", 16), 1e-5);
    EXPECT_BELOW(product_error<f16>("product_f16", 16), 1e-5);
    EXPECT_BELOW(product_error<e4m3>("product_e4m3", 32), 1e-5);
}

TEST(matrices_are_loaded_as_documented) {
    std::vector<u16> matrices(256);
    for (int i = 0; i < 256; i++) matrices[i] = static_cast<u16>(1000 + i);
    for (const bool transposed : {false, true}) {
        std::vector<u32> registers = empty_of<u32>(128);
        const char* const kernel = transposed ? "transposed_registers" : "matrix_registers";
        EXPECT(launch(kernel, {1, 1, 1}, 32, 0, matrices.data(), registers.data()).empty());
        for (int lane = 0; lane < 32; lane++) {
            const int g = lane >> 2, t = 2 * (lane & 3);
            for (int r = 0; r < 4; r++) {
                const u16* const m = matrices.data() + 64 * r;
                const u32 low = transposed ? m[t * 8 + g] : m[g * 8 + t];
                const u32 high = transposed ? m[(t + 1) * 8 + g] : m[g * 8 + t + 1];
                EXPECT_EQUAL(registers[lane * 4 + r], low | high << 16);
            }
        }
    }
}

// From kat_vectors of Random123 by the authors of the paper.
TEST(philox_gives_the_known_answers) {
    const std::vector<u32> counters = {0,          0,          0,          0,          0xffffffff, 0xffffffff,
                                       0xffffffff, 0xffffffff, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    const std::vector<u32> keys = {0, 0, 0xffffffff, 0xffffffff, 0xa4093822, 0x299f31d0};
    const std::vector<u32> seven = {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48, 0x5207ddc2, 0x45165e59,
                                    0x4d8ee751, 0x8c52f662, 0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a};
    const std::vector<u32> ten = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0x408f276d, 0x41c83b0e,
                                  0xa20bc7c6, 0x6d5451fd, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    for (const int rounds : {7, 10}) {
        std::vector<u32> words = empty_of<u32>(12);
        EXPECT(launch("philox_words", {1, 1, 1}, 32, 0, counters.data(), keys.data(), words.data(), 3, rounds).empty());
        for (int i = 0; i < 12; i++) EXPECT_EQUAL(words[i], (rounds == 7 ? seven : ten)[i]);
    }
}

TEST(eight_bit_floats_are_the_nearest_ones) {
    expect_nearest<e4m3>(0x7e);
    expect_nearest<e5m2>(0x7b);
}

TEST(eight_bit_floats_saturate_and_keep_nan) {
    const float cases[] = {448.f, 449.f, 464.f, 1e30f, INFINITY, 57344.f, 1e9f};
    for (const float x : cases) {
        for (const float sign : {1.f, -1.f}) {
            e4m3 q;
            e5m2 r;
            pmk_from_f32(sign * x, q);
            pmk_from_f32(sign * x, r);
            EXPECT_EQUAL(pmk_to_f32(q), sign * 448.f);
            if (x >= 57344.f) EXPECT_EQUAL(pmk_to_f32(r), sign * 57344.f);
        }
    }
    e4m3 q;
    e5m2 r;
    pmk_from_f32(NAN, q);
    pmk_from_f32(NAN, r);
    EXPECT(std::isnan(pmk_to_f32(q)));
    EXPECT(std::isnan(pmk_to_f32(r)));
    EXPECT_EQUAL(pmk_pack_e4m3(1.f, -2.f), 0xc038);
    EXPECT_EQUAL(pmk_pack_e5m2(1.f, -2.f), 0xc03c);
}

TEST(sixteen_bit_floats_survive_the_way_there_and_back) {
    for (u32 code = 0; code < 65536; code++) {
        const f16 h{static_cast<u16>(code)};
        const bf16 b{static_cast<u16>(code)};
        f16 h2;
        bf16 b2;
        pmk_from_f32(pmk_to_f32(h), h2);
        pmk_from_f32(pmk_to_f32(b), b2);
        if (!std::isnan(pmk_to_f32(h))) EXPECT_EQUAL(static_cast<u32>(h2.u), code);
        if (!std::isnan(pmk_to_f32(b))) EXPECT_EQUAL(static_cast<u32>(b2.u), code);
    }
}

TEST(numbers_are_rounded_in_kernels_as_on_the_host) {
    Numbers numbers;
    const std::vector<float> x = random_of<float>(64, numbers);
    std::vector<float> y = empty_of<float>(256);
    EXPECT(launch("rounded", {2, 1, 1}, 32, 0, x.data(), y.data(), 64).empty());
    for (int i = 0; i < 64; i++) {
        EXPECT_BELOW(std::fabs(y[i] - x[i]), std::fabs(x[i]) / 256);
        EXPECT_BELOW(std::fabs(y[64 + i] - x[i]), std::fabs(x[i]) / 2048 + 1e-7);
        EXPECT_BELOW(std::fabs(y[128 + i] - x[i]), std::fabs(x[i]) / 16 + 0.001);
        EXPECT_BELOW(std::fabs(y[192 + i] - x[i]), std::fabs(x[i]) / 8 + 1e-5);
    }
}
