// The way back of attention on tensor cores, after FlashAttention-2. Scores are formed again from q and k, probabilities
// from them and the kept lse; with delta = sum over d of dout * o:
//   dv = (m * p)^T dout,  ds = p * (m * (dout v^T) - delta),  dk = scale * ds^T q,  dq = scale * ds k.
// attention_backward_keys forms dk and dv, attention_backward_queries dq: seven products, each number summed in one order,
// so equal runs give equal bits. attention_backward_atomic forms all three with five products and sums dq by atomics, in
// any order. 16-bit operands, f32 scores and sums. Reference: AttentionLoops; Dao 2023, algorithm 2.
#include "attention_tiles.cuh"

PMK_EXPORT void PMK_BOUNDS(128, 4) attention_delta(AttentionProblem p) { attention_delta_rows(p); }
PMK_REGISTER(attention_delta)

// ---- dk and dv: a block takes KEYS keys of one key head, 16 a warp, and steps through the query rows that see them, STEP
// at a time, for each head of the group. Scores stand transposed, keys as rows, so that they are left operands of dv and
// dk straight from registers.

enum { KEYS = 128, STEP = D > 32 ? 32 : 64, THREADS = KEYS * 2, STEP_BLOCKS = STEP / 8, BYTES = KEYS / 8, LINE = STEP + 8 };

// Which rows come next: STEP rows of tile `tile` from STEP * `part` on, for head `head`.
struct Step {
    int head, tile, part;
};

struct StepRows {
    PMK_T *q, *dout;           // tiles [STEP, D]
    float *lse, *delta;        // [STEP], lse in base 2
    u8 *seen, *kept;           // [STEP, KEYS / 8], see visible8 and kept8
};

template <int STAGES> PMK_DEV StepRows step_rows(PMK_T* at, int stage) {
    StepRows s;
    s.q = at + stage * 2 * STEP * D;
    s.dout = s.q + STEP * D;
    float* numbers = (float*)(at + STAGES * 2 * STEP * D) + stage * 2 * STEP;
    s.lse = numbers;
    s.delta = numbers + STEP;
    u8* bits = (u8*)((float*)(at + STAGES * 2 * STEP * D) + STAGES * 2 * STEP) + stage * 2 * STEP * BYTES;
    s.seen = bits;
    s.kept = bits + STEP * BYTES;
    return s;
}

// Moves to the first step at or after `s` whose rows see keys from `from` on; false where there is none.
PMK_DEV bool step_find(const AttentionProblem& p, int batch, int from, int last_head, Step& s) {
    for (; s.head < last_head; s.head++) {
        for (; s.tile < p.tile_starts[batch + 1]; s.tile++) {
            const RowTile r = row_tile(p, s.tile);
            if (s.part * STEP < r.rows && visibility(r, from, from + KEYS) != EMPTY) return true;
            s.part = 0;
        }
        s.tile = p.tile_starts[batch];
    }
    return false;
}

PMK_DEV void step_load(const AttentionProblem& p, const Step& s, int from, const StepRows& to) {
    const RowTile r = row_tile(p, s.tile);
    const int first = r.first + s.part * STEP, rows = r.rows - s.part * STEP;
    const i64 at = ((i64)first * p.heads + s.head) * p.width, stride = (i64)p.heads * p.width;
    tile_load<STEP, THREADS>(to.q, p.q + at, stride, rows, p.width);
    tile_load<STEP, THREADS>(to.dout, p.dout + at, stride, rows, p.width);
    for (int i = PMK_TID_X; i < STEP; i += THREADS) {
        to.lse[i] = i < rows ? p.lse[(i64)s.head * p.rows + first + i] * LOG2E : pmk_infinity();
        to.delta[i] = i < rows ? p.delta[(i64)s.head * p.rows + first + i] : 0.f;
    }
    const bool partial = visibility(r, from, from + KEYS) == PARTIAL;
    for (int i = PMK_TID_X; i < STEP * BYTES && (partial || p.dropout_rows); i += THREADS) {
        const int inside = i / BYTES, byte = i % BYTES, row = inside < rows ? first + inside : first;
        if (partial) {
            const MaskRow mask = mask_row(p, row, inside < rows);
            to.seen[i] = (u8)visible8(p, mask, row, (from >> 5) + (byte >> 2), byte & 3);
        }
        if (p.dropout_rows) to.kept[i] = (u8)kept8(p, row, s.head, (from >> 3) + byte);
    }
}

// Of scores s and dp = v dout^T: s becomes the probabilities that met the values, but for what dropout scales survivors
// with, dp the gradient of the scores.
PMK_DEV void step_gradients(const AttentionProblem& p, const StepRows& at, bool partial, float (&s)[STEP_BLOCKS][4],
                            float (&dp)[STEP_BLOCKS][4]) {
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5;
    const float scale = p.scale * LOG2E;
    PMK_UNROLL for (int r = 0; r < 2; r++) {
        const int j = warp * 16 + (lane >> 2) + r * 8;
        const int seen_byte = (j >> 5) * 4 + ((j >> 1) & 3), seen_bit = ((j >> 3) & 3) * 2 + (j & 1);
        PMK_UNROLL for (int n = 0; n < STEP_BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 2; e++) {
            const int i = n * 8 + (lane & 3) * 2 + e;
            float probability = pmk_exp2(s[n][r * 2 + e] * scale - at.lse[i]);
            if (partial && !((at.seen[i * BYTES + seen_byte] >> seen_bit) & 1)) probability = 0.f;
            const bool kept = !p.dropout_rows || ((at.kept[i * BYTES + (j >> 3)] >> (j & 7)) & 1);
            s[n][r * 2 + e] = kept ? probability : 0.f;
            dp[n][r * 2 + e] = probability * ((kept ? dp[n][r * 2 + e] * p.dropout_scale : 0.f) - at.delta[i]);
        }
    }
}

// dq_sum += scale * ds k: `sds` holds ds^T [KEYS, LINE]. A warp takes 16 rows and up to 32 columns at a time.
PMK_DEV void step_queries(const AttentionProblem& p, const Step& s, const PMK_T* sds, const PMK_T* sk) {
    constexpr int COLUMNS = 16, GROUPS = D / COLUMNS, UNITS = STEP / 16 * GROUPS, BLOCKS = COLUMNS / 8;
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5;
    const RowTile r = row_tile(p, s.tile);
    for (int unit = warp; unit < UNITS; unit += THREADS / 32) {
        const int row = unit / GROUPS * 16, chunk = unit % GROUPS * BLOCKS;
        float dq[BLOCKS][4] = {};
        PMK_UNROLL for (int k = 0; k < KEYS / 16; k++) {
            u32 a[4];
            pmk_ldmatrix_x4_trans(a, sds + (k * 16 + (lane & 7) + (lane >> 4) * 8) * LINE + row + ((lane >> 3) & 1) * 8);
            PMK_UNROLL for (int n = 0; n < BLOCKS; n += 2) {
                u32 b[4];
                pmk_ldmatrix_x4_trans(b, sk + tile_at(k * 16 + (lane & 7) + ((lane >> 3) & 1) * 8, chunk + n + (lane >> 4)));
                const u32 b0[2] = {b[0], b[1]}, b1[2] = {b[2], b[3]};
                pmk_mma_16816(dq[n], a, b0, (PMK_T*)0);
                pmk_mma_16816(dq[n + 1], a, b1, (PMK_T*)0);
            }
        }
        PMK_UNROLL for (int n = 0; n < BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 4; e++) {
            const int i = s.part * STEP + row + (lane >> 2) + (e >> 1) * 8, column = (chunk + n) * 8 + (lane & 3) * 2 + (e & 1);
            if (i < r.rows && column < p.width) {
                pmk_atomic_add(p.dq_sum + ((i64)(r.first + i) * p.heads + s.head) * p.width + column, dq[n][e] * p.scale);
            }
        }
    }
}

// dk and dv, with the next rows loading meanwhile; or all three, with one set of rows and ds^T in shared memory.
template <bool ATOMIC> PMK_DEV void backward_keys(const AttentionProblem& p) {
    constexpr int STAGES = ATOMIC ? 1 : 2;
    PMK_DYN_SHARED(PMK_T, shared);
    PMK_T *sk = shared, *sv = sk + KEYS * D, *sds = sv + KEYS * D, *stages = ATOMIC ? sds + KEYS * LINE : sds;
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, group = PMK_BID_Y, batch = PMK_BID_Z;
    const int from = PMK_BID_X * KEYS, each = p.heads / p.key_heads, last = (group + 1) * each;
    const i64 at = (((i64)batch * p.keys + from) * p.key_heads + group) * p.width;
    const int stride = p.key_heads * p.width;
    const bool active = from + warp * 16 < p.keys;
    Step step = {group * each, p.tile_starts[batch], 0};
    bool more = step_find(p, batch, from, last, step);
    if (more) {
        tile_load<KEYS, THREADS>(sk, p.k + at, stride, p.keys - from, p.width);
        tile_load<KEYS, THREADS>(sv, p.v + at, stride, p.keys - from, p.width);
        step_load(p, step, from, step_rows<STAGES>(stages, 0));
    }
    pmk_cp_commit();
    float dk[WIDTH_BLOCKS][4] = {}, dv[WIDTH_BLOCKS][4] = {};
    for (int turn = 0; more; turn++) {
        const StepRows rows = step_rows<STAGES>(stages, ATOMIC ? 0 : turn & 1);
        const bool partial = visibility(row_tile(p, step.tile), from, from + KEYS) == PARTIAL;
        Step next = {step.head, step.tile, step.part + 1};
        more = step_find(p, batch, from, last, next);
        pmk_cp_wait<0>();
        pmk_sync();                                                  // the rows are here, everyone is done with those before
        if (!ATOMIC && more) step_load(p, next, from, step_rows<STAGES>(stages, (turn + 1) & 1));
        if (!ATOMIC) pmk_cp_commit();
        float s[STEP_BLOCKS][4] = {}, dp[STEP_BLOCKS][4] = {};
        if (active) {
            tile_dots(s, sk, warp * 16, rows.q, 0);
            tile_dots(dp, sv, warp * 16, rows.dout, 0);
            step_gradients(p, rows, partial, s, dp);
            tile_mix(dv, s, rows.dout, 0);
            tile_mix(dk, dp, rows.q, 0);
        }
        if (ATOMIC) {
            PMK_UNROLL for (int r = 0; r < 2; r++) PMK_UNROLL for (int n = 0; n < STEP_BLOCKS; n++) {
                *(u32*)(sds + (warp * 16 + (lane >> 2) + r * 8) * LINE + n * 8 + (lane & 3) * 2) =
                    pmk_pack2(dp[n][r * 2], dp[n][r * 2 + 1], (PMK_T*)0);
            }
            pmk_sync();                                              // ds is whole, everyone is done with the rows
            if (more) step_load(p, next, from, rows);
            pmk_cp_commit();
            step_queries(p, step, sds, sk);
        }
        step = next;
    }
    pmk_cp_wait<0>();
    PMK_UNROLL for (int r = 0; r < 2; r++) {
        const int inside = warp * 16 + (lane >> 2) + r * 8;
        if (from + inside >= p.keys) continue;
        tile_store(p.dk + at + inside * stride, dk, r, p.scale, p.width, p.add_keys);
        tile_store(p.dv + at + inside * stride, dv, r, p.dropout_scale, p.width, p.add_values);
    }
}

// Block (tile of 128 keys, key head, batch row). Dynamic shared memory: AttentionTiling.keysBytes.
PMK_EXPORT void PMK_BOUNDS(THREADS, 1) attention_backward_keys(AttentionProblem p) { backward_keys<false>(p); }
PMK_REGISTER(attention_backward_keys)

// As attention_backward_keys, and dq_sum. Dynamic shared memory: AttentionTiling.atomicBytes.
PMK_EXPORT void PMK_BOUNDS(THREADS, 1) attention_backward_atomic(AttentionProblem p) { backward_keys<true>(p); }
PMK_REGISTER(attention_backward_atomic)

// dq from the sums of attention_backward_atomic. One thread for each element.
PMK_EXPORT void PMK_BOUNDS(256, 4) attention_collect(AttentionProblem p) {
    const i64 i = (i64)PMK_BID_X * 256 + PMK_TID_X;
    if (i < (i64)p.rows * p.heads * p.width) attention_store(p.dq + i, p.dq_sum[i], p.add_queries);
}
PMK_REGISTER(attention_collect)
