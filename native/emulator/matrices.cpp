// The fragments of tensor cores; pmk.cuh says which lane holds what.
#include <cstring>
#include "scheduler.h"

namespace pmkemu {
namespace {
struct Bytes {
    float value[256];
    Bytes() {
        for (int code = 0; code < 256; code++) value[code] = pmk_to_f32(e4m3{static_cast<u8>(code)});
    }
};

typedef float Row __attribute__((vector_size(32)));

// How one type's elements lie in a register.
struct Bf16 {
    static constexpr int EACH = 2;
    static float element(u32 word, int i) { return pmk_float(i ? word & 0xffff0000u : word << 16); }
};
struct F16 {
    static constexpr int EACH = 2;
    static float element(u32 word, int i) { return pmk_to_f32(f16{static_cast<u16>(word >> (16 * i))}); }
};
struct E4m3 {
    static constexpr int EACH = 4;
    static float element(u32 word, int i) {
        static const Bytes bytes;
        return bytes.value[(word >> (8 * i)) & 255];
    }
};

template <class Type> void multiply_as(u32* const (&words)[32]) {
    constexpr int EACH = Type::EACH, INNER = 8 * EACH;
    float a[16][INNER];
    Row b[INNER], d[16];
    for (int lane = 0; lane < 32; lane++) {
        const int g = lane >> 2, t = lane & 3;
        const u32* const in = words[lane];
        for (int r = 0; r < 4; r++) d[g + 8 * (r >> 1)][2 * t + (r & 1)] = pmk_float(in[r]);
        for (int i = 0; i < EACH; i++) {
            for (int r = 0; r < 4; r++) {
                a[g + 8 * (r & 1)][EACH * t + 4 * EACH * (r >> 1) + i] = Type::element(in[4 + r], i);
            }
            for (int r = 0; r < 2; r++) b[EACH * t + 4 * EACH * r + i][g] = Type::element(in[8 + r], i);
        }
    }
    for (int m = 0; m < 16; m += 4) {
        Row rows[4] = {d[m], d[m + 1], d[m + 2], d[m + 3]};
        for (int k = 0; k < INNER; k++) {
            for (int i = 0; i < 4; i++) rows[i] += a[m + i][k] * b[k];
        }
        for (int i = 0; i < 4; i++) d[m + i] = rows[i];
    }
    for (int lane = 0; lane < 32; lane++) {
        const int g = lane >> 2, t = lane & 3;
        for (int r = 0; r < 4; r++) words[lane][r] = pmk_bits(d[g + 8 * (r >> 1)][2 * t + (r & 1)]);
    }
}
}  // namespace

void multiply(Collective what, u32* const (&words)[32]) {
    if (what == Collective::mma_bf16) {
        multiply_as<Bf16>(words);
    } else if (what == Collective::mma_f16) {
        multiply_as<F16>(words);
    } else {
        multiply_as<E4m3>(words);
    }
}

bool load_matrices(Collective what, u32* const (&words)[32]) {
    u16 rows[4][8][8];
    for (int lane = 0; lane < 32; lane++) {
        const void* from;
        std::memcpy(&from, words[lane], sizeof from);
        if (reinterpret_cast<u64>(from) & 15) return false;
        std::memcpy(rows[lane >> 3][lane & 7], from, 16);
    }
    for (int lane = 0; lane < 32; lane++) {
        const int g = lane >> 2, t = 2 * (lane & 3);
        for (int j = 0; j < 4; j++) {
            const u16(&m)[8][8] = rows[j];
            words[lane][j] = what == Collective::ldmatrix ? m[g][t] | static_cast<u32>(m[g][t + 1]) << 16
                                                          : m[t][g] | static_cast<u32>(m[t + 1][g]) << 16;
        }
    }
    return true;
}
}  // namespace pmkemu
