// Some columns of a matrix: y[n, c] = x[n, from + c], and the way back. One block for each row n; each thread takes eight
// columns at a time. PMK_T is the type of both. Reference: MatmulLoops.columns.
#include "numbers.cuh"

typedef PMK_T real;

PMK_EXPORT void columns_take(real* y,       // [N, count]
                             const real* x, // [N, D]
                             int D, int from, int count) {
    const real* row = x + (i64)PMK_BID_X * D + from;
    for (int c = PMK_TID_X * GROUP; c < count; c += PMK_BDIM_X * GROUP) {
        float v[GROUP];
        load_group(v, row + c, count - c);
        store_group(y + (i64)PMK_BID_X * count + c, v, count - c);
    }
}
PMK_REGISTER(columns_take)

// dx[n, from + c] += dy[n, c].
PMK_EXPORT void columns_add(real* dx,       // [N, D]
                            const real* dy, // [N, count]
                            int D, int from, int count) {
    real* row = dx + (i64)PMK_BID_X * D + from;
    for (int c = PMK_TID_X * GROUP; c < count; c += PMK_BDIM_X * GROUP) {
        float v[GROUP];
        load_group(v, dy + (i64)PMK_BID_X * count + c, count - c);
        put_group(row + c, v, count - c, 1);
    }
}
PMK_REGISTER(columns_add)

// dx[n, from + c] = dy[n, c], and zero in all other columns.
PMK_EXPORT void columns_put(real* dx,       // [N, D]
                            const real* dy, // [N, count]
                            int D, int from, int count) {
    real* row = dx + (i64)PMK_BID_X * D;
    for (int c = PMK_TID_X; c < D; c += PMK_BDIM_X) {
        const bool taken = c >= from && c < from + count;
        const float v = taken ? pmk_to_f32(dy[(i64)PMK_BID_X * count + c - from]) : 0.f;
        pmk_from_f32(v, row[c]);
    }
}
PMK_REGISTER(columns_put)
