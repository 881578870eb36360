// RMSNorm: y[n, d] = round(x[n, d] r[n]) gain[d], r[n] = 1 / sqrt(mean_d(x[n, d]^2) + epsilon), and the way back. One
// block for each row n, each thread takes eight columns at a time; sums and products are f32, the normalised row is
// rounded to PMK_T, the type of activations, before the product. Backward computes r again. Reference: NormLoops.
#include "numbers.cuh"

typedef PMK_T real;

PMK_DEV float inverse_rms(const real* row, int D, float epsilon) {
    float sum = 0.f;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        float v[GROUP];
        load_group(v, row + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sum += v[i] * v[i];
    }
    return 1.f / pmk_sqrt(pmk_block_sum(sum) / (float)D + epsilon);
}

PMK_EXPORT void rms_norm_forward(real* y,           // [N, D]
                                 const real* x,     // [N, D]
                                 const float* gain, // [D]
                                 int D, float epsilon) {
    const i64 start = (i64)PMK_BID_X * D;
    const float r = inverse_rms(x + start, D, epsilon);
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        float v[GROUP], g[GROUP];
        load_group(v, x + start + d, D - d);
        load_group(g, gain + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] = rounded(v[i] * r, y) * g[i];
        store_group(y + start + d, v, D - d);
    }
}
PMK_REGISTER(rms_norm_forward)

// dx = r (g - x r^2 mean_d(g x)) with g = dy gain.
PMK_EXPORT void rms_norm_backward(real* dx,          // [N, D]
                                  const real* dy,    // [N, D]
                                  const real* x,     // [N, D]
                                  const float* gain, // [D]
                                  int D, float epsilon, int add) {
    const i64 start = (i64)PMK_BID_X * D;
    const float r = inverse_rms(x + start, D, epsilon);
    float v[GROUP], g[GROUP], d_row[GROUP], dot = 0.f;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, x + start + d, D - d);
        load_group(d_row, dy + start + d, D - d);
        load_group(g, gain + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) dot += d_row[i] * g[i] * (v[i] * r);
    }
    const float mean = pmk_block_sum(dot) / (float)D;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, x + start + d, D - d);
        load_group(d_row, dy + start + d, D - d);
        load_group(g, gain + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] = (d_row[i] * g[i] - v[i] * r * mean) * r;
        put_group(dx + start + d, v, D - d, add);
    }
}
PMK_REGISTER(rms_norm_backward)

PMK_EXPORT void rms_norm_inverse(float* r,      // [N]
                                 const real* x, // [N, D]
                                 int D, float epsilon) {
    const float inverse = inverse_rms(x + (i64)PMK_BID_X * D, D, epsilon);
    if (PMK_TID_X == 0) r[PMK_BID_X] = inverse;
}
PMK_REGISTER(rms_norm_inverse)

// What the rows of a group add to the gain's gradient, partial[group, d] = sum over its rows of dy round(x r): groups
// are summed by sums.cu. Blocks are (columns, group) and each thread has eight columns.
PMK_EXPORT void rms_norm_gain_partials(float* partial,  // [groups, D]
                                       const real* dy,  // [N, D]
                                       const real* x,   // [N, D]
                                       const float* r,  // [N]
                                       int N, int D, int group_rows) {
    const int d = (PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (d >= D) return;
    float sums[GROUP] = {};
    const int first = PMK_BID_Y * group_rows, end = first + group_rows < N ? first + group_rows : N;
    for (int n = first; n < end; n++) {
        float v[GROUP], d_row[GROUP];
        load_group(v, x + (i64)n * D + d, D - d);
        load_group(d_row, dy + (i64)n * D + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sums[i] += d_row[i] * rounded(v[i] * r[n], x);
    }
    store_group(partial + (i64)PMK_BID_Y * D + d, sums, D - d);
}
PMK_REGISTER(rms_norm_gain_partials)
