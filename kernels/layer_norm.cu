// LayerNorm: y = c r gain + bias, c[n, d] = x[n, d] - mean_d(x[n]), r[n] = 1 / sqrt(mean_d(c^2) + epsilon), and the way
// back. One block for each row n, each thread takes eight columns at a time. All is f32 but what is read and written
// in PMK_T, the type of activations. The mean is taken first: a variance from sums of squares would be all rounding
// where rows are far from zero. Reference: LayerNormLoops.
#include "numbers.cuh"

typedef PMK_T real;

struct Statistics {
    float mean, r;
};

PMK_DEV Statistics row_statistics(const real* row, int D, float epsilon) {
    float v[GROUP], sum = 0.f;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, row + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sum += v[i];
    }
    Statistics s;
    s.mean = pmk_block_sum(sum) / (float)D;
    sum = 0.f;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, row + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            const float c = d + i < D ? v[i] - s.mean : 0.f;
            sum += c * c;
        }
    }
    s.r = 1.f / pmk_sqrt(pmk_block_sum(sum) / (float)D + epsilon);
    return s;
}

PMK_EXPORT void layer_norm_forward(real* y,           // [N, D]
                                   const real* x,     // [N, D]
                                   const float* gain, // [D]
                                   const float* bias, // [D]
                                   int D, float epsilon) {
    const i64 start = (i64)PMK_BID_X * D;
    const Statistics s = row_statistics(x + start, D, epsilon);
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        float v[GROUP], g[GROUP], b[GROUP];
        load_group(v, x + start + d, D - d);
        load_group(g, gain + d, D - d);
        load_group(b, bias + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] = (v[i] - s.mean) * s.r * g[i] + b[i];
        store_group(y + start + d, v, D - d);
    }
}
PMK_REGISTER(layer_norm_forward)

// dx = r (g - mean_d(g) - n mean_d(g n)) with g = dy gain and n = c r.
PMK_EXPORT void layer_norm_backward(real* dx,          // [N, D]
                                    const real* dy,    // [N, D]
                                    const real* x,     // [N, D]
                                    const float* gain, // [D]
                                    int D, float epsilon, int add) {
    const i64 start = (i64)PMK_BID_X * D;
    const Statistics s = row_statistics(x + start, D, epsilon);
    float v[GROUP], g[GROUP], d_row[GROUP], sum = 0.f, dot = 0.f;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, x + start + d, D - d);
        load_group(d_row, dy + start + d, D - d);
        load_group(g, gain + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            sum += d_row[i] * g[i];
            dot += d_row[i] * g[i] * ((v[i] - s.mean) * s.r);
        }
    }
    const float mean = pmk_block_sum(sum) / (float)D, along = pmk_block_sum(dot) / (float)D;
    for (int d = PMK_TID_X * GROUP; d < D; d += PMK_BDIM_X * GROUP) {
        load_group(v, x + start + d, D - d);
        load_group(d_row, dy + start + d, D - d);
        load_group(g, gain + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            v[i] = (d_row[i] * g[i] - mean - (v[i] - s.mean) * s.r * along) * s.r;
        }
        put_group(dx + start + d, v, D - d, add);
    }
}
PMK_REGISTER(layer_norm_backward)

PMK_EXPORT void layer_norm_statistics(float* statistics, // [N, 2], mean and r
                                      const real* x,     // [N, D]
                                      int D, float epsilon) {
    const Statistics s = row_statistics(x + (i64)PMK_BID_X * D, D, epsilon);
    if (PMK_TID_X == 0) {
        statistics[2 * PMK_BID_X] = s.mean;
        statistics[2 * PMK_BID_X + 1] = s.r;
    }
}
PMK_REGISTER(layer_norm_statistics)

// What the rows of a group add to the gain's gradient, partial[group, d] = sum over its rows of dy c r: groups are
// summed by sums.cu. Blocks are (columns, group) and each thread has eight columns.
PMK_EXPORT void layer_norm_gain_partials(float* partial,          // [groups, D]
                                         const real* dy,          // [N, D]
                                         const real* x,           // [N, D]
                                         const float* statistics, // [N, 2]
                                         int N, int D, int group_rows) {
    const int d = (PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (d >= D) return;
    float sums[GROUP] = {};
    const int first = PMK_BID_Y * group_rows, end = first + group_rows < N ? first + group_rows : N;
    for (int n = first; n < end; n++) {
        const float mean = statistics[2 * n], r = statistics[2 * n + 1];
        float v[GROUP], d_row[GROUP];
        load_group(v, x + (i64)n * D + d, D - d);
        load_group(d_row, dy + (i64)n * D + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sums[i] += d_row[i] * ((v[i] - mean) * r);
    }
    store_group(partial + (i64)PMK_BID_Y * D + d, sums, D - d);
}
PMK_REGISTER(layer_norm_gain_partials)
