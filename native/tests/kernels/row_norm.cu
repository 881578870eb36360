// RMSNorm of the emulator's own tests: y[n, d] = x[n, d] r[n] g[d], r[n] = 1 / sqrt(mean_d x[n, d]^2 + epsilon), and its
// gradient. One block for a row (forward) or some rows (backward), 16-byte loads, a sum through shared memory.
#include "pmk.cuh"

PMK_DEV float row_sum(float v) {
    PMK_SHARED(float, part, 32);
    const int warp = PMK_TID_X >> 5, lane = PMK_TID_X & 31, warps = PMK_BDIM_X >> 5;
    v = pmk_warp_sum(v);
    if (lane == 0) part[warp] = v;
    pmk_sync();  // partial sums are there
    v = lane < warps ? part[lane] : 0.f;
    v = pmk_warp_sum(v);
    pmk_sync();  // partial sums may be overwritten
    return v;
}

PMK_EXPORT void row_norm_forward(const bf16* x,  // [N, D]
                                 const bf16* g,  // [D]
                                 bf16* y,        // [N, D]
                                 float* scale,   // [N], r
                                 int D, float epsilon) {
    const bf16* row = x + static_cast<i64>(PMK_BID_X) * D;
    bf16* out = y + static_cast<i64>(PMK_BID_X) * D;
    float squares = 0.f, v[8], gain[8];
    for (int d = PMK_TID_X * 8; d < D; d += PMK_BDIM_X * 8) {
        pmk_load_vector(row + d, v);
        PMK_UNROLL for (int i = 0; i < 8; i++) squares += v[i] * v[i];
    }
    const float r = pmk_rsqrt(row_sum(squares) / static_cast<float>(D) + epsilon);
    if (PMK_TID_X == 0) scale[PMK_BID_X] = r;
    for (int d = PMK_TID_X * 8; d < D; d += PMK_BDIM_X * 8) {
        pmk_load_vector(row + d, v);
        pmk_load_vector(g + d, gain);
        PMK_UNROLL for (int i = 0; i < 8; i++) v[i] = v[i] * r * gain[i];
        pmk_store_vector(out + d, v);
    }
}
PMK_REGISTER(row_norm_forward)

// dx = r (g dy - x r mean_d(g dy x r)); `partial` receives each block's sum of dy x r over its rows.
PMK_EXPORT void row_norm_backward(const bf16* x,       // [N, D]
                                  const bf16* g,       // [D]
                                  const bf16* dy,      // [N, D]
                                  const float* scale,  // [N]
                                  bf16* dx,            // [N, D]
                                  float* partial,      // [blocks, D]
                                  int N, int D) {
    float* mine = partial + static_cast<i64>(PMK_BID_X) * D;
    float v[8], gain[8], dv[8];
    for (int d = PMK_TID_X * 8; d < D; d += PMK_BDIM_X * 8) {
        PMK_UNROLL for (int i = 0; i < 8; i++) mine[d + i] = 0.f;
    }
    for (i64 n = PMK_BID_X; n < N; n += PMK_GDIM_X) {
        const float r = scale[n];
        float dot = 0.f;
        for (int d = PMK_TID_X * 8; d < D; d += PMK_BDIM_X * 8) {
            pmk_load_vector(x + n * D + d, v);
            pmk_load_vector(g + d, gain);
            pmk_load_vector(dy + n * D + d, dv);
            PMK_UNROLL for (int i = 0; i < 8; i++) {
                dot += dv[i] * gain[i] * v[i] * r;
                mine[d + i] += dv[i] * v[i] * r;
            }
        }
        dot = row_sum(dot) / static_cast<float>(D);
        for (int d = PMK_TID_X * 8; d < D; d += PMK_BDIM_X * 8) {
            pmk_load_vector(x + n * D + d, v);
            pmk_load_vector(g + d, gain);
            pmk_load_vector(dy + n * D + d, dv);
            PMK_UNROLL for (int i = 0; i < 8; i++) v[i] = r * (dv[i] * gain[i] - v[i] * r * dot);
            pmk_store_vector(dx + n * D + d, v);
        }
    }
}
PMK_REGISTER(row_norm_backward)
