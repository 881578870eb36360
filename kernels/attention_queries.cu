// dq of attention on tensor cores without atomics, see attention_backward.cu: dq = scale * ds k with ds = p * (m * (dout
// v^T) - delta), scores formed again. A block takes PMK_ROWS = 64 query rows of one head with 8 warps and streams the tiles
// of 64 keys that some row sees, the next one loading meanwhile; a pair of warps shares 16 rows, each with half of the keys
// of a tile, and adds up at the end in one order. Reference: AttentionLoops.
#include "attention_tiles.cuh"

enum { ROWS = PMK_ROWS, KEYS = 64, THREADS = ROWS * 4, HALF = KEYS / 2, HALF_BLOCKS = HALF / 8 };

// What a lane keeps of its rows g and g + 8; lse in base 2.
struct QueryRows {
    float lse[2], delta[2];
    int row[2];
    MaskRow mask[2];
};

PMK_DEV QueryRows query_rows(const AttentionProblem& p, const RowTile& r, int head, int warp_row) {
    QueryRows rows;
    PMK_UNROLL for (int i = 0; i < 2; i++) {
        const int inside = warp_row + ((PMK_TID_X & 31) >> 2) + i * 8;
        const bool exists = inside < r.rows;
        rows.row[i] = exists ? r.first + inside : r.first;
        rows.mask[i] = mask_row(p, rows.row[i], exists);
        rows.lse[i] = exists ? p.lse[(i64)head * p.rows + rows.row[i]] * LOG2E : pmk_infinity();
        rows.delta[i] = exists ? p.delta[(i64)head * p.rows + rows.row[i]] : 0.f;
    }
    return rows;
}

// dp becomes the gradient of the scores s of keys from `from` on.
PMK_DEV void query_gradients(const AttentionProblem& p, const QueryRows& rows, int head, int from, bool whole,
                             const float (&s)[HALF_BLOCKS][4], float (&dp)[HALF_BLOCKS][4]) {
    const int t = PMK_TID_X & 3;
    const float scale = p.scale * LOG2E;
    PMK_UNROLL for (int i = 0; i < 2; i++) PMK_UNROLL for (int n = 0; n < HALF_BLOCKS; n += 4) {
        const int block = (from >> 5) + n / 4;
        const u32 seen = whole ? 0xffu : visible8(p, rows.mask[i], rows.row[i], block, t);
        const u32 kept = p.dropout_rows ? tile_kept32(p, rows.row[i], head, block) : 0u;
        PMK_UNROLL for (int q = 0; q < 4; q++) PMK_UNROLL for (int e = 0; e < 2; e++) {
            const bool sees = (seen >> (2 * q + e)) & 1;
            const float probability = sees ? pmk_exp2(s[n + q][i * 2 + e] * scale - rows.lse[i]) : 0.f;
            float factor = 1.f;
            if (p.dropout_rows) factor = (kept >> (8 * q + 2 * t + e)) & 1 ? p.dropout_scale : 0.f;
            dp[n + q][i * 2 + e] = probability * (dp[n + q][i * 2 + e] * factor - rows.delta[i]);
        }
    }
}

// Adds the second warp's sums of each pair to the first's.
PMK_DEV void query_join(float* room, int pair, bool second, float (&dq)[WIDTH_BLOCKS][4]) {
    float* at = room + (pair * 32 + (PMK_TID_X & 31)) * 4;
    PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 4; e++) {
        if (second) at[n * ROWS * 8 + e] = dq[n][e];
    }
    pmk_sync();
    PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 4; e++) {
        if (!second) dq[n][e] += at[n * ROWS * 8 + e];
    }
}

// Block (tile of query rows, head). Dynamic shared memory: (2 * PMK_ROWS + 4 * 64) * D elements.
PMK_EXPORT void PMK_BOUNDS(THREADS, 1) attention_backward_queries(AttentionProblem p) {
    PMK_DYN_SHARED(PMK_T, shared);
    PMK_T *sq = shared, *sdo = sq + ROWS * D, *stages = sdo + ROWS * D;
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, pair = warp % (ROWS / 16), half = warp / (ROWS / 16);
    const int head = PMK_BID_Y, group = head / (p.heads / p.key_heads);
    const RowTile r = row_tile(p, PMK_GDIM_X - 1 - PMK_BID_X);          // under most masks the last tiles see most
    const i64 first = ((i64)r.batch * p.keys * p.key_heads + group) * p.width, step = (i64)p.key_heads * p.width;
    const i64 at = ((i64)r.first * p.heads + head) * p.width, stride = (i64)p.heads * p.width;
    const bool active = pair * 16 < r.rows;
    tile_load<ROWS, THREADS>(sq, p.q + at, stride, r.rows, p.width);
    tile_load<ROWS, THREADS>(sdo, p.dout + at, stride, r.rows, p.width);
    auto load = [&](int tile, int stage) {
        PMK_T* to = stages + stage * 2 * KEYS * D;
        const i64 offset = first + (i64)tile * KEYS * step;
        tile_load<KEYS, THREADS>(to, p.k + offset, step, p.keys - tile * KEYS, p.width);
        tile_load<KEYS, THREADS>(to + KEYS * D, p.v + offset, step, p.keys - tile * KEYS, p.width);
    };
    int tile = next_key_tile<KEYS>(p, r, 0);
    if (tile * KEYS < p.keys) load(tile, 0);
    pmk_cp_commit();
    const QueryRows rows = query_rows(p, r, head, pair * 16);
    float dq[WIDTH_BLOCKS][4] = {};
    for (int turn = 0; tile * KEYS < p.keys; turn++) {
        const int from = tile * KEYS;
        const PMK_T *sk = stages + (turn & 1) * 2 * KEYS * D, *sv = sk + KEYS * D;
        tile = next_key_tile<KEYS>(p, r, tile + 1);
        pmk_cp_wait<0>();
        pmk_sync();                                                  // the keys are here, everyone is done with those before
        if (tile * KEYS < p.keys) load(tile, (turn + 1) & 1);
        pmk_cp_commit();
        if (!active || from + half * HALF >= p.keys) continue;
        float s[HALF_BLOCKS][4] = {}, dp[HALF_BLOCKS][4] = {};
        tile_dots(s, sq, pair * 16, sk, half * HALF);
        tile_dots(dp, sdo, pair * 16, sv, half * HALF);
        query_gradients(p, rows, head, from + half * HALF, visibility(r, from, from + KEYS) == WHOLE, s, dp);
        tile_mix(dq, dp, sk, half * HALF);
    }
    pmk_cp_wait<0>();
    pmk_sync();
    query_join((float*)stages, pair, half == 1, dq);
    PMK_UNROLL for (int i = 0; i < 2; i++) {
        const int inside = pair * 16 + (lane >> 2) + i * 8;
        if (half == 0 && inside < r.rows) {
            tile_store(p.dq + at + inside * stride, dq, i, p.scale, p.width, p.add_queries);
        }
    }
}
PMK_REGISTER(attention_backward_queries)
