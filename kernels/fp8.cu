// Rounding to 8-bit floats for products: code = round(x s), s the largest power of two that keeps the largest magnitude
// of all numbers in range, and 1 / s for the product to multiply with. PMK_T is the type of the numbers, PMK_F8 is e4m3
// or e5m2; to nearest even, saturating. A tensor that is not finite has the scale NaN, so no overflow hides behind the
// largest number. Scaling by powers of two loses nothing, so all backends round to the same codes. Reference: Float8.
#include "numbers.cuh"

typedef PMK_T real;
typedef PMK_F8 eight;

constexpr int TILE = 64; // rows and columns that a block of fp8_both_ways takes

struct alignas(8) EightCodes {
    eight at[GROUP];
};

PMK_DEV int top_exponent(const e4m3*) { return 8; }   // 448 is 1.75 * 2^8
PMK_DEV int top_exponent(const e5m2*) { return 15; }  // 57344 is 1.75 * 2^15

// The exponent of the scale for the bits of the largest magnitude, which is finite.
PMK_DEV int scale_exponent(u32 largest) {
    if (largest == 0) return 0;
    const int above = (largest & 0x7fffffu) > 0x600000u; // more than 1.75 times its power of two
    const int exponent = top_exponent(static_cast<const eight*>(nullptr)) + 127 - static_cast<int>(largest >> 23) - above;
    return exponent > 126 ? 126 : exponent < -126 ? -126 : exponent;
}

// sign -1 gives 1 / scale.
PMK_DEV float scale_of(u32 largest, int sign) {
    if (largest >= 0x7f800000u) return pmk_float(0x7fc00000u);
    return pmk_float(static_cast<u32>(127 + sign * scale_exponent(largest)) << 23);
}

PMK_DEV EightCodes codes_of(const float (&v)[GROUP], float scale) {
    EightCodes codes;
    PMK_UNROLL for (int i = 0; i < GROUP; i++) pmk_from_f32(v[i] * scale, codes.at[i]);
    return codes;
}

// The largest magnitude as bits, in which a NaN is above all; `largest` was 0. A block has `chunk` numbers.
PMK_EXPORT void fp8_largest(u32* largest,  // [1]
                            const real* x, // [F]
                            i64 F, int chunk) {
    const i64 start = (i64)PMK_BID_X * chunk, end = start + chunk < F ? start + chunk : F;
    u32 most = 0;
    for (i64 at = start + PMK_TID_X * GROUP; at < end; at += PMK_BDIM_X * GROUP) {
        float v[GROUP];
        load_group(v, x + at, end - at);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            const u32 magnitude = pmk_bits(v[i]) & 0x7fffffffu;
            most = magnitude > most ? magnitude : most;
        }
    }
    most = pmk_block_max(most);
    if (PMK_TID_X == 0) pmk_atomic_max(largest, most);
}
PMK_REGISTER(fp8_largest)

// Rounds rows; those from N on are zero. D is a multiple of 16. One block for each row of `codes`.
PMK_EXPORT void fp8_rows(eight* codes,       // [N rounded up to 16, D]
                         float* inverse,     // [1], 1 / scale
                         const real* x,      // [N, D]
                         const u32* largest, // [1]
                         int N, int D) {
    const float scale = scale_of(*largest, 1);
    const int n = PMK_BID_X;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        float v[GROUP] = {};
        if (n < N) load_group(v, x + (i64)n * D + d, D - d);
        *reinterpret_cast<EightCodes*>(codes + (i64)n * D + d) = codes_of(v, n < N ? scale : 1.f);
    }
    if (n == 0 && PMK_TID_X == 0) *inverse = scale_of(*largest, -1);
}
PMK_REGISTER(fp8_rows)

// Rounds a matrix and turns it as well; the columns of `turned` from N on, its stride being a multiple of 16, are zero. D
// is a multiple of 16. Blocks are (columns, rows) of tiles, 256 threads.
PMK_EXPORT void fp8_both_ways(eight* codes,       // [N, D]
                              eight* turned,      // [D, stride]
                              float* inverse,     // [1], 1 / scale
                              const real* x,      // [N, D]
                              const u32* largest, // [1]
                              int N, int D, int stride) {
    PMK_SHARED(eight, tile, TILE * (TILE + GROUP)); // [column, row]
    const int first_n = PMK_BID_Y * TILE, first_d = PMK_BID_X * TILE, groups = TILE / GROUP;
    const float scale = scale_of(*largest, 1);
    for (int work = PMK_TID_X; work < TILE * groups; work += PMK_BDIM_X) {
        const int row = work / groups, column = work % groups * GROUP, n = first_n + row, d = first_d + column;
        float v[GROUP] = {};
        if (n < N && d < D) load_group(v, x + (i64)n * D + d, D - d);
        const EightCodes rounded = codes_of(v, n < N ? scale : 1.f);
        if (n < N && d < D) *reinterpret_cast<EightCodes*>(codes + (i64)n * D + d) = rounded;
        PMK_UNROLL for (int i = 0; i < GROUP; i++) tile[(column + i) * (TILE + GROUP) + row] = rounded.at[i];
    }
    pmk_sync();
    for (int work = PMK_TID_X; work < TILE * groups; work += PMK_BDIM_X) {
        const int column = work / groups, row = work % groups * GROUP, n = first_n + row, d = first_d + column;
        if (d < D && n < stride) {
            *reinterpret_cast<EightCodes*>(turned + (i64)d * stride + n) =
                *reinterpret_cast<const EightCodes*>(tile + column * (TILE + GROUP) + row);
        }
    }
    if (PMK_BID_X == 0 && PMK_BID_Y == 0 && PMK_TID_X == 0) *inverse = scale_of(*largest, -1);
}
PMK_REGISTER(fp8_both_ways)
