// Softmax attention on tensor cores, after FlashAttention-2: s = q k^T * scale, p = softmax(s), o = (m * p) v with the
// factors m of dropout. 16-bit operands, f32 scores and sums; p is rounded to an operand, and what m scales survivors with
// multiplies the sums.
// A block takes PMK_ROWS query rows of one head, 16 a warp, and streams the tiles of PMK_KEYS keys that some of them see.
// Values load while scores are formed, the next keys while values are mixed. Probabilities never leave registers.
// -DPMK_D is the head width rounded up to 16, 32, 64 or 128. Reference: AttentionLoops; Dao 2023, algorithm 1.
#include "attention_tiles.cuh"

enum { ROWS = PMK_ROWS, KEYS = PMK_KEYS, THREADS = ROWS * 2, KEY_BLOCKS = KEYS / 8 };

// What a lane keeps of its rows g and g + 8.
struct ForwardRows {
    float most[2], sum[2];
    int row[2];
    MaskRow mask[2];
};

PMK_DEV ForwardRows forward_rows(const AttentionProblem& p, const RowTile& r) {
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5;
    ForwardRows rows;
    PMK_UNROLL for (int i = 0; i < 2; i++) {
        const int inside = warp * 16 + (lane >> 2) + i * 8;
        rows.most[i] = -pmk_infinity();
        rows.sum[i] = 0.f;
        rows.row[i] = inside < r.rows ? r.first + inside : r.first;
        rows.mask[i] = mask_row(p, r.first + inside, inside < r.rows);
    }
    return rows;
}

PMK_DEV void forward_hide(const AttentionProblem& p, const ForwardRows& rows, int from, float (&s)[KEY_BLOCKS][4]) {
    const int t = PMK_TID_X & 3;
    PMK_UNROLL for (int i = 0; i < 2; i++) PMK_UNROLL for (int n = 0; n < KEY_BLOCKS; n += 4) {
        const u32 seen = visible8(p, rows.mask[i], rows.row[i], (from >> 5) + n / 4, t);
        PMK_UNROLL for (int q = 0; q < 4; q++) PMK_UNROLL for (int e = 0; e < 2; e++) {
            if (!((seen >> (2 * q + e)) & 1)) s[n + q][i * 2 + e] = -pmk_infinity();
        }
    }
}

// Scores become exponentials; what was summed before shrinks where the largest score grew.
PMK_DEV void forward_softmax(ForwardRows& rows, float scale, float (&s)[KEY_BLOCKS][4], float (&o)[WIDTH_BLOCKS][4]) {
    PMK_UNROLL for (int i = 0; i < 2; i++) {
        float largest = rows.most[i];
        PMK_UNROLL for (int n = 0; n < KEY_BLOCKS; n++) {
            largest = pmk_max(pmk_max(largest, s[n][i * 2]), s[n][i * 2 + 1]);
        }
        largest = pmk_max(largest, pmk_shfl_xor(largest, 1));
        largest = pmk_max(largest, pmk_shfl_xor(largest, 2));
        const float top = largest == -pmk_infinity() ? 0.f : largest, shift = top * scale;
        const float shrink = pmk_exp2((rows.most[i] - top) * scale); // of one difference: exactly 1 where none grew
        rows.most[i] = largest;
        rows.sum[i] *= shrink;
        PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n++) {
            o[n][i * 2] *= shrink;
            o[n][i * 2 + 1] *= shrink;
        }
        PMK_UNROLL for (int n = 0; n < KEY_BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 2; e++) {
            s[n][i * 2 + e] = pmk_exp2(s[n][i * 2 + e] * scale - shift);
            rows.sum[i] += s[n][i * 2 + e];
        }
    }
}

PMK_DEV void forward_drop(const AttentionProblem& p, const ForwardRows& rows, int head, int from, float (&s)[KEY_BLOCKS][4]) {
    const int t = PMK_TID_X & 3;
    PMK_UNROLL for (int i = 0; i < 2; i++) PMK_UNROLL for (int n = 0; n < KEY_BLOCKS; n += 4) {
        const u32 kept = tile_kept32(p, rows.row[i], head, (from >> 5) + n / 4);
        PMK_UNROLL for (int q = 0; q < 4; q++) PMK_UNROLL for (int e = 0; e < 2; e++) {
            if (!((kept >> (8 * q + 2 * t + e)) & 1)) s[n + q][i * 2 + e] = 0.f;
        }
    }
}

PMK_DEV void forward_finish(const AttentionProblem& p, const RowTile& r, const ForwardRows& rows, int head,
                            const float (&o)[WIDTH_BLOCKS][4]) {
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5;
    PMK_UNROLL for (int i = 0; i < 2; i++) {
        float total = rows.sum[i];
        total += pmk_shfl_xor(total, 1);
        total += pmk_shfl_xor(total, 2);
        if (warp * 16 + (lane >> 2) + i * 8 >= r.rows) continue;
        const i64 at = ((i64)rows.row[i] * p.heads + head) * p.width;
        const float inverse = total > 0.f ? p.dropout_scale / total : 0.f;
        tile_store(p.o + at, o, i, inverse, p.width, false);
        if (p.o_rest) tile_store_rest(p.o_rest + at, o, i, inverse, p.width);
        if ((lane & 3) == 0) {
            p.lse[(i64)head * p.rows + rows.row[i]] =
                total > 0.f ? rows.most[i] * p.scale + pmk_log2(total) / LOG2E : pmk_infinity();
        }
    }
}

// Block (tile of query rows, head). Dynamic shared memory: (PMK_ROWS + 2 * PMK_KEYS) * D elements.
PMK_EXPORT void PMK_BOUNDS(THREADS, D == 64 ? 3 : 2) attention_forward(AttentionProblem p) {
    PMK_DYN_SHARED(PMK_T, shared);
    PMK_T *sq = shared, *sk = sq + ROWS * D, *sv = sk + KEYS * D;
    const int warp = PMK_TID_X >> 5, head = PMK_BID_Y, group = head / (p.heads / p.key_heads);
    const RowTile r = row_tile(p, PMK_GDIM_X - 1 - PMK_BID_X);          // under most masks the last tiles see most
    const i64 first = ((i64)r.batch * p.keys * p.key_heads + group) * p.width, step = (i64)p.key_heads * p.width;
    const PMK_T *k = p.k + first, *v = p.v + first;
    const bool active = warp * 16 < r.rows;
    int tile = next_key_tile<KEYS>(p, r, 0);
    tile_load<ROWS, THREADS>(sq, p.q + ((i64)r.first * p.heads + head) * p.width, (i64)p.heads * p.width, r.rows, p.width);
    if (tile * KEYS < p.keys) tile_load<KEYS, THREADS>(sk, k + tile * KEYS * step, step, p.keys - tile * KEYS, p.width);
    pmk_cp_commit();
    ForwardRows rows = forward_rows(p, r);
    float o[WIDTH_BLOCKS][4] = {};
    while (tile * KEYS < p.keys) {
        const int from = tile * KEYS;
        pmk_cp_wait<0>();
        pmk_sync();                                                  // keys are here, everyone is done with the last values
        tile_load<KEYS, THREADS>(sv, v + from * step, step, p.keys - from, p.width);
        pmk_cp_commit();
        float s[KEY_BLOCKS][4] = {};
        if (active) tile_dots(s, sq, warp * 16, sk, 0);
        pmk_cp_wait<0>();
        pmk_sync();                                                  // values are here, everyone is done with the keys
        tile = next_key_tile<KEYS>(p, r, tile + 1);
        if (tile * KEYS < p.keys) tile_load<KEYS, THREADS>(sk, k + tile * KEYS * step, step, p.keys - tile * KEYS, p.width);
        pmk_cp_commit();
        if (!active) continue;
        if (visibility(r, from, from + KEYS) != WHOLE) forward_hide(p, rows, from, s);
        forward_softmax(rows, p.scale * LOG2E, s, o);
        if (p.dropout_rows) forward_drop(p, rows, head, from, s);
        tile_mix(o, s, sv, 0);
    }
    pmk_cp_wait<0>();
    if (active) forward_finish(p, r, rows, head, o);
}
PMK_REGISTER(attention_forward)
