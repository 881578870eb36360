// C[M, N] = A[M, K] B[N, K]^T of the emulator's own tests: 64 x 64 x 32 tiles, 4 warps, asynchronous copies into two
// buffers, ldmatrix and mma, sums in f32. K is a multiple of 8; M and N are free.
#include "pmk.cuh"

enum { TILE = 64, DEPTH = 32, STRIDE = DEPTH + 8, THREADS = 128 };

struct Operands {
    const bf16 *a, *b;
    int M, N, K;
};

PMK_DEV void load_tiles(const Operands& o, bf16* left, bf16* right, int m0, int n0, int k0) {
    for (int i = PMK_TID_X; i < TILE * DEPTH / 8; i += THREADS) {
        const int r = i >> 2, c = (i & 3) * 8, k = k0 + c;
        const bool in_a = m0 + r < o.M && k < o.K, in_b = n0 + r < o.N && k < o.K;
        pmk_cp_async16(left + r * STRIDE + c, in_a ? o.a + static_cast<i64>(m0 + r) * o.K + k : o.a, in_a);
        pmk_cp_async16(right + r * STRIDE + c, in_b ? o.b + static_cast<i64>(n0 + r) * o.K + k : o.b, in_b);
    }
    pmk_cp_commit();
}

PMK_EXPORT void tile_product(const bf16* A,  // [M, K]
                             const bf16* B,  // [N, K]
                             bf16* C,        // [M, N]
                             int M, int N, int K) {
    PMK_SHARED(bf16, left, 2 * TILE * STRIDE);
    PMK_SHARED(bf16, right, 2 * TILE * STRIDE);
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, wm = (warp >> 1) * 32, wn = (warp & 1) * 32;
    const int m0 = PMK_BID_Y * TILE, n0 = PMK_BID_X * TILE, steps = (K + DEPTH - 1) / DEPTH;
    const Operands operands = {A, B, M, N, K};
    float sums[2][4][4] = {};
    load_tiles(operands, left, right, m0, n0, 0);
    for (int step = 0; step < steps; step++) {
        const int now = (step & 1) * TILE * STRIDE, other = TILE * STRIDE - now;
        if (step + 1 < steps) {
            load_tiles(operands, left + other, right + other, m0, n0, (step + 1) * DEPTH);
            pmk_cp_wait<1>();
        } else {
            pmk_cp_wait<0>();
        }
        pmk_sync();  // this step's tiles are there
        for (int ks = 0; ks < DEPTH; ks += 16) {
            u32 a[2][4], b[2][4];
            for (int i = 0; i < 2; i++) {
                const int row = wm + i * 16 + (lane & 15);
                pmk_ldmatrix_x4(a[i], left + now + row * STRIDE + ks + (lane >> 4) * 8);
            }
            for (int j = 0; j < 2; j++) {
                const int row = wn + j * 16 + (lane & 7) + ((lane >> 4) << 3);
                pmk_ldmatrix_x4(b[j], right + now + row * STRIDE + ks + ((lane >> 3) & 1) * 8);
            }
            for (int i = 0; i < 2; i++) {
                for (int j = 0; j < 4; j++) {
                    const u32 pair[2] = {b[j >> 1][(j & 1) * 2], b[j >> 1][(j & 1) * 2 + 1]};
                    pmk_mma_16816(sums[i][j], a[i], pair, A);
                }
            }
        }
        pmk_sync();  // this step's tiles may be overwritten
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 4; j++) {
            for (int e = 0; e < 4; e++) {
                const int m = m0 + wm + i * 16 + (lane >> 2) + (e >> 1) * 8, n = n0 + wn + j * 8 + (lane & 3) * 2 + (e & 1);
                if (m < M && n < N) pmk_from_f32(sums[i][j][e], C[static_cast<i64>(m) * N + n]);
            }
        }
    }
}
PMK_REGISTER(tile_product)
