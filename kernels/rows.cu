// Rows of matrices by number: looked up, stored, and added back. Blocks are (row r, columns) and each thread has eight
// columns. PMK_FROM is the type of what is read, PMK_TO of what is written. Reference: MatmulLoops.gather, scatterAdd.
//
// Numbers may repeat, and the result must not depend on which block comes first. So one block does all the work on a
// row of the matrix: of equal numbers the block of the last stores, the block of the first adds all of them in order.
// Every block finds out by reading all R numbers, which stay in the cache; no memory, sort or atomic is needed, and
// the numbers may have been made on the device.
#include "numbers.cuh"

typedef PMK_FROM source;
typedef PMK_TO target;

// Whether `row` is among numbers[from, to); the same answer in every thread.
PMK_DEV bool names(const int* numbers, int from, int to, int row) {
    int found = 0;
    for (int r = from + PMK_TID_X; r < to; r += PMK_BDIM_X) found |= numbers[r] == row;
    return pmk_block_max(found) > 0;
}

PMK_EXPORT void gather_rows(target* y,          // [R, D]
                            const source* x,    // [N, D]
                            const int* numbers, // [R]
                            int D) {
    const int d = (PMK_BID_Y * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (d >= D) return;
    float v[GROUP];
    load_group(v, x + (i64)numbers[PMK_BID_X] * D + d, D - d);
    store_group(y + (i64)PMK_BID_X * D + d, v, D - d);
}
PMK_REGISTER(gather_rows)

// into[numbers[r]] = x[r]; of equal numbers the last counts.
PMK_EXPORT void store_rows(target* into,       // [N, D]
                           const source* x,    // [R, D]
                           const int* numbers, // [R]
                           int R, int D) {
    const int row = numbers[PMK_BID_X];
    if (names(numbers, PMK_BID_X + 1, R, row)) return;
    const int d = (PMK_BID_Y * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (d >= D) return;
    float v[GROUP];
    load_group(v, x + (i64)PMK_BID_X * D + d, D - d);
    store_group(into + (i64)row * D + d, v, D - d);
}
PMK_REGISTER(store_rows)

// into[numbers[r]] += dy[r], rows of one number in their order, in f32 and rounded once.
PMK_EXPORT void add_rows(target* into,       // [N, D]
                         const source* dy,   // [R, D]
                         const int* numbers, // [R]
                         int R, int D) {
    PMK_SHARED(u32, hits, 32);
    const int row = numbers[PMK_BID_X];
    if (names(numbers, 0, PMK_BID_X, row)) return;
    const int d = (PMK_BID_Y * PMK_BDIM_X + PMK_TID_X) * GROUP, warps = PMK_BDIM_X >> 5;
    float sums[GROUP] = {}, v[GROUP];
    if (d < D) load_group(sums, into + (i64)row * D + d, D - d);
    for (int from = PMK_BID_X; from < R; from += PMK_BDIM_X) {
        const int r = from + PMK_TID_X;
        const u32 mine = pmk_ballot(r < R && numbers[r] == row);
        pmk_sync(); // the words of the step before have been read
        if ((PMK_TID_X & 31) == 0) hits[PMK_TID_X >> 5] = mine;
        pmk_sync();
        for (int warp = 0; warp < warps; warp++) {
            u32 left = hits[warp];
            for (int bit = 0; left; bit++, left >>= 1) {
                if (!(left & 1) || d >= D) continue;
                load_group(v, dy + (i64)(from + warp * 32 + bit) * D + d, D - d);
                PMK_UNROLL for (int i = 0; i < GROUP; i++) sums[i] += v[i];
            }
        }
    }
    if (d < D) store_group(into + (i64)row * D + d, sums, D - d);
}
PMK_REGISTER(add_rows)
