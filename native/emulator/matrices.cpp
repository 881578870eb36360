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

float half_of(Collective what, u32 word, int half) {
    const u16 bits = static_cast<u16>(word >> (16 * half));
    return what == Collective::mma_bf16 ? pmk_to_f32(bf16{bits}) : pmk_to_f32(f16{bits});
}

// The elements of one register: two halves or four bytes.
void unpack(Collective what, u32 word, float* at) {
    static const Bytes bytes;
    if (what == Collective::mma_e4m3) {
        for (int b = 0; b < 4; b++) at[b] = bytes.value[(word >> (8 * b)) & 255];
    } else {
        for (int h = 0; h < 2; h++) at[h] = half_of(what, word, h);
    }
}
}  // namespace

void multiply(Collective what, u32* const (&words)[32]) {
    const int each = what == Collective::mma_e4m3 ? 4 : 2, inner = 8 * each;
    float a[16][32], bt[8][32], b[32][8], d[16][8];
    for (int lane = 0; lane < 32; lane++) {
        const int g = lane >> 2, t = lane & 3;
        const u32* const in = words[lane];
        for (int r = 0; r < 4; r++) {
            d[g + 8 * (r >> 1)][2 * t + (r & 1)] = pmk_float(in[r]);
            unpack(what, in[4 + r], &a[g + 8 * (r & 1)][each * t + 4 * each * (r >> 1)]);
        }
        for (int r = 0; r < 2; r++) unpack(what, in[8 + r], &bt[g][each * t + 4 * each * r]);
    }
    for (int k = 0; k < inner; k++) {
        for (int n = 0; n < 8; n++) b[k][n] = bt[n][k];
    }
    for (int m = 0; m < 16; m++) {
        float row[8];
        std::memcpy(row, d[m], sizeof row);
        for (int k = 0; k < inner; k++) {
            for (int n = 0; n < 8; n++) row[n] += a[m][k] * b[k][n];
        }
        std::memcpy(d[m], row, sizeof row);
    }
    for (int lane = 0; lane < 32; lane++) {
        const int g = lane >> 2, t = lane & 3;
        for (int r = 0; r < 4; r++) words[lane][r] = pmk_bits(d[g + 8 * (r >> 1)][2 * t + (r & 1)]);
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
