// Sums over rows and over tensors, in two stages whose cuts depend on shapes only: no float atomics, so the same numbers
// give the same bits. PMK_T is the type of what is summed. Reference: MatmulLoops.biasGradient, OptimizerLoops.
#include "numbers.cuh"

typedef PMK_T real;

// partial[group, d] = sum over the group's rows of x[n, d], in f32. Blocks are (columns, group), a thread has eight
// columns.
PMK_EXPORT void column_partials(float* partial, // [groups, D]
                                const real* x,  // [N, D]
                                int N, int D, int group_rows) {
    const int d = (PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (d >= D) return;
    float sums[GROUP] = {};
    const int first = PMK_BID_Y * group_rows, end = first + group_rows < N ? first + group_rows : N;
    for (int n = first; n < end; n++) {
        float v[GROUP];
        load_group(v, x + (i64)n * D + d, D - d);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sums[i] += v[i];
    }
    store_group(partial + (i64)PMK_BID_Y * D + d, sums, D - d);
}
PMK_REGISTER(column_partials)

// sum[d] += the partial sums of all groups, in their order; a thread has one column.
PMK_EXPORT void column_sums(float* sum,           // [D]
                            const float* partial, // [groups, D]
                            int groups, int D) {
    const int d = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (d >= D) return;
    float total = sum[d];
    for (int group = 0; group < groups; group++) total += partial[(i64)group * D + d];
    sum[d] = total;
}
PMK_REGISTER(column_sums)

// partial[b] = the sum of the squares of the chunk of block b, in f64: squares of f32 numbers cannot overflow there, so
// the sum is finite exactly when all numbers are, which is the overflow check of loss scaling.
PMK_EXPORT void square_partials(double* partial, // [blocks]
                                const real* x,   // [F]
                                i64 F, int chunk) {
    const i64 start = (i64)PMK_BID_X * chunk, end = start + chunk < F ? start + chunk : F;
    double sum = 0;
    for (i64 at = start + PMK_TID_X * GROUP; at < end; at += PMK_BDIM_X * GROUP) {
        float v[GROUP];
        load_group(v, x + at, end - at);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) sum += (double)v[i] * (double)v[i];
    }
    sum = pmk_block_sum(sum);
    if (PMK_TID_X == 0) partial[PMK_BID_X] = sum;
}
PMK_REGISTER(square_partials)

// sum = all partial sums; one block.
PMK_EXPORT void total(double* sum,           // [1]
                      const double* partial, // [count]
                      int count) {
    double mine = 0;
    for (int i = PMK_TID_X; i < count; i += PMK_BDIM_X) mine += partial[i];
    mine = pmk_block_sum(mine);
    if (PMK_TID_X == 0) sum[0] = mine;
}
PMK_REGISTER(total)
