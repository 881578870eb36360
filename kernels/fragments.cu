// What the instructions of tensor cores, the conversions to 8 bits and the random numbers do, one warp each, for
// comparison with plain code: on the emulator in every build, on a GPU before anything else is believed.
#include "pmk.cuh"

// D[16, 8] = A[16, 16] B[16, 8] for T = bf16, f16, through the fragments of pmk_mma_16816.
template <class T> PMK_DEV void product_16816(const T* a, const T* b, float* d) {
    const int lane = PMK_TID_X & 31, g = lane >> 2, t = lane & 3;
    float sums[4] = {};
    u32 left[4], right[2];
    PMK_UNROLL for (int r = 0; r < 4; r++) {
        const T* pair = a + (g + 8 * (r & 1)) * 16 + 2 * t + 8 * (r >> 1);
        left[r] = pair[0].u | static_cast<u32>(pair[1].u) << 16;
    }
    PMK_UNROLL for (int r = 0; r < 2; r++) {
        const T* pair = b + (2 * t + 8 * r) * 8 + g;
        right[r] = pair[0].u | static_cast<u32>(pair[8].u) << 16;
    }
    pmk_mma_16816(sums, left, right, static_cast<const T*>(nullptr));
    PMK_UNROLL for (int r = 0; r < 4; r++) d[(g + 8 * (r >> 1)) * 8 + 2 * t + (r & 1)] = sums[r];
}

PMK_EXPORT void product_bf16(const bf16* a,  // [16, 16]
                             const bf16* b,  // [16, 8]
                             float* d) {     // [16, 8]
    product_16816(a, b, d);
}
PMK_REGISTER(product_bf16)

PMK_EXPORT void product_f16(const f16* a,  // [16, 16]
                            const f16* b,  // [16, 8]
                            float* d) {    // [16, 8]
    product_16816(a, b, d);
}
PMK_REGISTER(product_f16)

#if PMK_HAS_FP8_MMA
// D[16, 8] = A[16, 32] B[32, 8].
PMK_EXPORT void product_e4m3(const e4m3* a,  // [16, 32]
                             const e4m3* b,  // [32, 8]
                             float* d) {     // [16, 8]
    const int lane = PMK_TID_X & 31, g = lane >> 2, t = lane & 3;
    float sums[4] = {};
    u32 left[4] = {}, right[2] = {};
    PMK_UNROLL for (int byte = 0; byte < 4; byte++) {
        PMK_UNROLL for (int r = 0; r < 4; r++) {
            const e4m3 element = a[(g + 8 * (r & 1)) * 32 + 4 * t + 16 * (r >> 1) + byte];
            left[r] |= static_cast<u32>(element.u) << (8 * byte);
        }
        PMK_UNROLL for (int r = 0; r < 2; r++) {
            right[r] |= static_cast<u32>(b[(4 * t + 16 * r + byte) * 8 + g].u) << (8 * byte);
        }
    }
    pmk_mma_16832_e4m3(sums, left, right);
    PMK_UNROLL for (int r = 0; r < 4; r++) d[(g + 8 * (r >> 1)) * 8 + 2 * t + (r & 1)] = sums[r];
}
PMK_REGISTER(product_e4m3)
#endif

// The registers that ldmatrix gives each lane, for four matrices one below the other.
template <bool TRANSPOSED> PMK_DEV void registers_of(const u16* matrices, u32* registers) {
    PMK_SHARED(u16, rows, 256);
    const int lane = PMK_TID_X & 31;
    PMK_UNROLL for (int i = 0; i < 8; i++) rows[lane * 8 + i] = matrices[lane * 8 + i];
    pmk_sync();
    u32 loaded[4];
    if (TRANSPOSED) {
        pmk_ldmatrix_x4_trans(loaded, rows + lane * 8);
    } else {
        pmk_ldmatrix_x4(loaded, rows + lane * 8);
    }
    PMK_UNROLL for (int r = 0; r < 4; r++) registers[lane * 4 + r] = loaded[r];
}

PMK_EXPORT void matrix_registers(const u16* matrices,  // [4, 8, 8]
                                 u32* registers) {     // [32 lanes, 4]
    registers_of<false>(matrices, registers);
}
PMK_REGISTER(matrix_registers)

PMK_EXPORT void transposed_registers(const u16* matrices,  // [4, 8, 8]
                                     u32* registers) {     // [32 lanes, 4]
    registers_of<true>(matrices, registers);
}
PMK_REGISTER(transposed_registers)

// Four words for each counter, with 7 or 10 rounds.
PMK_EXPORT void philox_words(const u32* counters,  // [count, 4]
                             const u32* keys,      // [count, 2]
                             u32* words,           // [count, 4]
                             int count, int rounds) {
    const int i = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (i >= count) return;
    u32 state[4] = {counters[4 * i], counters[4 * i + 1], counters[4 * i + 2], counters[4 * i + 3]};
    if (rounds == 7) {
        pmk_philox<7>(state, keys[2 * i], keys[2 * i + 1]);
    } else {
        pmk_philox<10>(state, keys[2 * i], keys[2 * i + 1]);
    }
    PMK_UNROLL for (int w = 0; w < 4; w++) words[4 * i + w] = state[w];
}
PMK_REGISTER(philox_words)

// Numbers rounded to every type and back.
PMK_EXPORT void rounded(const float* x,  // [count]
                        float* y,        // [4, count]: bf16, f16, e4m3, e5m2
                        int count) {
    const int i = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (i >= count) return;
    bf16 b;
    f16 h;
    e4m3 q;
    e5m2 r;
    pmk_from_f32(x[i], b);
    pmk_from_f32(x[i], h);
    pmk_from_f32(x[i], q);
    pmk_from_f32(x[i], r);
    y[i] = pmk_to_f32(b);
    y[count + i] = pmk_to_f32(h);
    y[2 * count + i] = pmk_to_f32(q);
    y[3 * count + i] = pmk_to_f32(r);
}
PMK_REGISTER(rounded)

// The product again with operands that ldmatrix gathers from rows in shared memory; b lies transposed.
template <class T> PMK_DEV void loaded_product(const T* a, const T* b, float* d, T* rows) {
    const int lane = PMK_TID_X & 31, g = lane >> 2, t = lane & 3;
    for (int i = lane; i < 256; i += 32) rows[i] = a[i];
    for (int i = lane; i < 128; i += 32) rows[256 + i] = b[i];
    pmk_sync();
    u32 left[4], both[4];
    pmk_ldmatrix_x4(left, rows + (lane & 15) * 16 + (lane >> 4) * 8);
    // The last two of the four matrices are the first two again.
    pmk_ldmatrix_x4(both, rows + 256 + (lane & 7) * 16 + ((lane >> 3) & 1) * 8);
    const u32 right[2] = {both[0], both[1]};
    float sums[4] = {};
    pmk_mma_16816(sums, left, right, static_cast<const T*>(nullptr));
    PMK_UNROLL for (int r = 0; r < 4; r++) d[(g + 8 * (r >> 1)) * 8 + 2 * t + (r & 1)] = sums[r];
}

PMK_EXPORT void loaded_product_bf16(const bf16* a,  // [16, 16]
                                    const bf16* b,  // [8, 16]
                                    float* d) {     // [16, 8]
    PMK_SHARED(bf16, rows, 384);
    loaded_product(a, b, d, rows);
}
PMK_REGISTER(loaded_product_bf16)

PMK_EXPORT void loaded_product_f16(const f16* a,  // [16, 16]
                                   const f16* b,  // [8, 16]
                                   float* d) {    // [16, 8]
    PMK_SHARED(f16, rows, 384);
    loaded_product(a, b, d, rows);
}
PMK_REGISTER(loaded_product_f16)

// 16 bytes a lane by asynchronous copies in two groups, of which every third lane takes nothing; each lane then reads
// what its neighbour's copy left.
PMK_EXPORT void copied_words(const u32* from,  // [2, 32, 4]
                             u32* to) {        // [2, 32, 4]
    PMK_SHARED(u32, landed, 256);
    const int lane = PMK_TID_X & 31;
    PMK_UNROLL for (int group = 0; group < 2; group++) {
        const int at = (group * 32 + lane) * 4;
        pmk_cp_async16(landed + at, from + at, lane % 3 != group);
        pmk_cp_commit();
    }
    pmk_cp_wait<1>();
    pmk_sync();
    for (int i = lane; i < 128; i += 32) to[i] = landed[i ^ 4];
    pmk_cp_wait<0>();
    pmk_sync();
    for (int i = lane; i < 128; i += 32) to[128 + i] = landed[128 + (i ^ 4)];
}
PMK_REGISTER(copied_words)

// 2^x, log2 |x| and 1 / sqrt |x|, as fast as the device has them.
PMK_EXPORT void fast_functions(const float* x,  // [count]
                               float* y,        // [3, count]
                               int count) {
    const int i = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (i >= count) return;
    y[i] = pmk_exp2(x[i]);
    y[count + i] = pmk_log2(pmk_abs(x[i]));
    y[2 * count + i] = pmk_rsqrt(pmk_abs(x[i]));
}
PMK_REGISTER(fast_functions)
