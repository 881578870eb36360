// Softmax attention without tensor cores, forward and back, for any type and head width: what f32 runs, and what the other
// kernels are checked against. s = q k^T * scale, p = softmax(s), o = (m * p) v with the factors m of dropout.
// A block takes 32 query rows of one head (or 32 keys of one key head) and streams the tiles of 32 keys (or of query rows)
// that are visible through shared memory. 64 threads stand in a grid of 8 x 8: thread (x, y) owns rows y + 8 a and columns
// x + 8 b of each product, so an m16n8 lane's eight keys of AnnealingDraw are those of x, two threads a draw.
// Everything is f32. dk and dv are summed over the heads of a group and over query rows in one order, without atomics.
// Reference: AttentionLoops. -DPMK_D is the head width rounded up to 16, 32, 64 or 128.
#include "attention.cuh"

enum { D = PMK_D, SIDE = 32, THREADS = 64, OWN = 4, WIDTHS = D / 8, LINE = D + 1, SCORES = SIDE + 1 };

// Rows of `heads` heads, head `head`; those beyond `valid` and columns beyond the width become zero.
PMK_DEV void stream_load(float* to, const PMK_T* from, const AttentionProblem& p, int heads, int valid) {
    for (int i = PMK_TID_X; i < SIDE * D; i += THREADS) {
        const int r = i / D, c = i % D;
        to[r * LINE + c] = r < valid && c < p.width ? pmk_load(from + (i64)r * heads * p.width + c) : 0.f;
    }
}

// s[a][b] = dot of row y + 8 a of `left` with row x + 8 b of `right`.
PMK_DEV void stream_dots(float (&s)[OWN][OWN], const float* left, const float* right, int width) {
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3;
    PMK_UNROLL for (int a = 0; a < OWN; a++) PMK_UNROLL for (int b = 0; b < OWN; b++) s[a][b] = 0.f;
    for (int c = 0; c < width; c++) {
        float l[OWN], r[OWN];
        PMK_UNROLL for (int a = 0; a < OWN; a++) l[a] = left[(y + 8 * a) * LINE + c];
        PMK_UNROLL for (int b = 0; b < OWN; b++) r[b] = right[(x + 8 * b) * LINE + c];
        PMK_UNROLL for (int a = 0; a < OWN; a++) PMK_UNROLL for (int b = 0; b < OWN; b++) s[a][b] += l[a] * r[b];
    }
}

// sum[a][c] += over i of scores[y + 8 a][i] * values[i][x + 8 c], scores read transposed where `turned`.
template <bool TURNED> PMK_DEV void stream_mix(float (&sum)[OWN][WIDTHS], const float* scores, const float* values) {
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3;
    for (int i = 0; i < SIDE; i++) {
        float l[OWN];
        PMK_UNROLL for (int a = 0; a < OWN; a++) {
            l[a] = TURNED ? scores[i * SCORES + y + 8 * a] : scores[(y + 8 * a) * SCORES + i];
        }
        PMK_UNROLL for (int c = 0; c < WIDTHS; c++) {
            const float r = values[i * LINE + x + 8 * c];
            PMK_UNROLL for (int a = 0; a < OWN; a++) sum[a][c] += l[a] * r;
        }
    }
}

// Whether row y + 8 a of the tile sees key from + x + 8 q, as bit q.
PMK_DEV u32 stream_visible(const AttentionProblem& p, const RowTile& r, int inside, int from) {
    const int x = PMK_TID_X & 7, row = r.first + inside;
    const u32 eight = visible8(p, mask_row(p, row, inside < r.rows), inside < r.rows ? row : r.first, from >> 5, x >> 1);
    u32 seen = 0;
    PMK_UNROLL for (int q = 0; q < 4; q++) seen |= ((eight >> (2 * q + (x & 1))) & 1) << q;
    return seen;
}

// The factor of dropout for row `row` and key `j`.
PMK_DEV float stream_kept(const AttentionProblem& p, int row, int head, int j) {
    if (!p.dropout_rows) return 1.f;
    return (kept8(p, row, head, j >> 3) >> (j & 7)) & 1 ? p.dropout_scale : 0.f;
}

// Block (tile of query rows, head). Dynamic shared memory: (2 * 32 * (D + 1) + 32 * 33) floats.
PMK_EXPORT void PMK_BOUNDS(THREADS, 2) attention_stream_forward(AttentionProblem p) {
    PMK_DYN_SHARED(float, shared);
    float *sq = shared, *skv = sq + SIDE * LINE, *sp = skv + SIDE * LINE;
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3, head = PMK_BID_Y, group = head / (p.heads / p.key_heads);
    const RowTile r = row_tile(p, PMK_BID_X);
    const i64 keys = ((i64)r.batch * p.keys * p.key_heads + group) * p.width, step = (i64)p.key_heads * p.width;
    const float scale = p.scale * LOG2E;
    stream_load(sq, p.q + ((i64)r.first * p.heads + head) * p.width, p, p.heads, r.rows);
    float o[OWN][WIDTHS] = {}, most[OWN], sum[OWN] = {};
    PMK_UNROLL for (int a = 0; a < OWN; a++) most[a] = -pmk_infinity();
    for (int tile = next_key_tile<SIDE>(p, r, 0); tile * SIDE < p.keys; tile = next_key_tile<SIDE>(p, r, tile + 1)) {
        const int from = tile * SIDE;
        stream_load(skv, p.k + keys + from * step, p, p.key_heads, p.keys - from);
        pmk_sync();
        float s[OWN][OWN];
        stream_dots(s, sq, skv, p.width);
        pmk_sync();                                                  // everyone is done with the keys
        stream_load(skv, p.v + keys + from * step, p, p.key_heads, p.keys - from);
        const bool whole = visibility(r, from, from + SIDE) == WHOLE;
        PMK_UNROLL for (int a = 0; a < OWN; a++) {
            const int inside = y + 8 * a;
            const u32 seen = whole ? 15u : stream_visible(p, r, inside, from);
            float largest = most[a];
            PMK_UNROLL for (int b = 0; b < OWN; b++) {
                if (!((seen >> b) & 1)) s[a][b] = -pmk_infinity();
                largest = pmk_max(largest, s[a][b]);
            }
            PMK_UNROLL for (int m = 1; m < 8; m *= 2) largest = pmk_max(largest, pmk_shfl_xor(largest, m));
            const float top = largest == -pmk_infinity() ? 0.f : largest, shift = top * scale;
            const float shrink = pmk_exp2((most[a] - top) * scale); // of one difference: exactly 1 where none grew
            most[a] = largest;
            sum[a] *= shrink;
            PMK_UNROLL for (int c = 0; c < WIDTHS; c++) o[a][c] *= shrink;
            PMK_UNROLL for (int b = 0; b < OWN; b++) {
                const float e = pmk_exp2(s[a][b] * scale - shift);
                sum[a] += e;
                const int row = inside < r.rows ? r.first + inside : r.first;
                sp[inside * SCORES + x + 8 * b] = e * stream_kept(p, row, head, from + x + 8 * b);
            }
        }
        pmk_sync();
        stream_mix<false>(o, sp, skv);
        pmk_sync();                                                  // everyone is done with the values
    }
    PMK_UNROLL for (int a = 0; a < OWN; a++) {
        float total = sum[a];
        PMK_UNROLL for (int m = 1; m < 8; m *= 2) total += pmk_shfl_xor(total, m);
        const float inverse = total > 0.f ? 1.f / total : 0.f;
        const int inside = y + 8 * a, row = r.first + inside;
        PMK_UNROLL for (int c = 0; c < WIDTHS; c++) {
            const int column = x + 8 * c;
            if (inside < r.rows && column < p.width) {
                attention_store(p.o + ((i64)row * p.heads + head) * p.width + column, o[a][c] * inverse, false);
            }
        }
        if (inside < r.rows && x == 0) {
            p.lse[(i64)head * p.rows + row] =
                total > 0.f ? most[a] * p.scale + pmk_log2(total) / LOG2E : pmk_infinity();
        }
    }
}
PMK_REGISTER(attention_stream_forward)

PMK_EXPORT void PMK_BOUNDS(128, 4) attention_delta(AttentionProblem p) { attention_delta_rows(p); }
PMK_REGISTER(attention_delta)

// Of the scores of rows `r` and keys from `from` on: probabilities that meet the values, and gradients of the scores.
// Queries, gradients of the result, keys and values are in shared memory.
PMK_DEV void stream_gradients(const AttentionProblem& p, const RowTile& r, int head, int from, const float* shared,
                              float* sp, float* sds) {
    const float *sq = shared, *sdo = sq + SIDE * LINE, *sk = sdo + SIDE * LINE, *sv = sk + SIDE * LINE;
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3;
    const bool whole = visibility(r, from, from + SIDE) == WHOLE;
    float s[OWN][OWN], dp[OWN][OWN];
    stream_dots(s, sq, sk, p.width);
    stream_dots(dp, sdo, sv, p.width);
    PMK_UNROLL for (int a = 0; a < OWN; a++) {
        const int inside = y + 8 * a, row = inside < r.rows ? r.first + inside : r.first;
        const u32 seen = inside >= r.rows ? 0u : whole ? 15u : stream_visible(p, r, inside, from);
        const float lse = p.lse[(i64)head * p.rows + row] * LOG2E, delta = p.delta[(i64)head * p.rows + row];
        PMK_UNROLL for (int b = 0; b < OWN; b++) {
            const int j = x + 8 * b;
            const float probability = (seen >> b) & 1 ? pmk_exp2(s[a][b] * p.scale * LOG2E - lse) : 0.f;
            const float kept = stream_kept(p, row, head, from + j);
            sp[inside * SCORES + j] = probability * kept;
            sds[inside * SCORES + j] = probability * (dp[a][b] * kept - delta) * p.scale;
        }
    }
}

// dk and dv. Block (tile of 32 keys, key head, batch row). Dynamic shared memory: (4 * 32 * (D + 1) + 2 * 32 * 33) floats.
PMK_EXPORT void PMK_BOUNDS(THREADS, 1) attention_stream_backward_keys(AttentionProblem p) {
    PMK_DYN_SHARED(float, shared);
    float *sq = shared, *sdo = sq + SIDE * LINE, *sk = sdo + SIDE * LINE, *sv = sk + SIDE * LINE;
    float *sp = sv + SIDE * LINE, *sds = sp + SIDE * SCORES;
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3, group = PMK_BID_Y, batch = PMK_BID_Z;
    const int from = PMK_BID_X * SIDE, each = p.heads / p.key_heads;
    const i64 keys = (((i64)batch * p.keys + from) * p.key_heads + group) * p.width, step = (i64)p.key_heads * p.width;
    stream_load(sk, p.k + keys, p, p.key_heads, p.keys - from);
    stream_load(sv, p.v + keys, p, p.key_heads, p.keys - from);
    float dk[OWN][WIDTHS] = {}, dv[OWN][WIDTHS] = {};
    for (int head = group * each; head < (group + 1) * each; head++) {
        for (int tile = p.tile_starts[batch]; tile < p.tile_starts[batch + 1]; tile++) {
            const RowTile r = row_tile(p, tile);
            if (visibility(r, from, from + SIDE) == EMPTY) continue;
            const i64 at = ((i64)r.first * p.heads + head) * p.width;
            stream_load(sq, p.q + at, p, p.heads, r.rows);
            stream_load(sdo, p.dout + at, p, p.heads, r.rows);
            pmk_sync();
            stream_gradients(p, r, head, from, shared, sp, sds);
            pmk_sync();
            stream_mix<true>(dv, sp, sdo);
            stream_mix<true>(dk, sds, sq);
            pmk_sync();                                              // everyone is done with the tile
        }
    }
    PMK_UNROLL for (int a = 0; a < OWN; a++) PMK_UNROLL for (int c = 0; c < WIDTHS; c++) {
        const int j = y + 8 * a, column = x + 8 * c;
        if (from + j < p.keys && column < p.width) {
            attention_store(p.dk + keys + j * step + column, dk[a][c], p.add_keys);
            attention_store(p.dv + keys + j * step + column, dv[a][c], p.add_values);
        }
    }
}
PMK_REGISTER(attention_stream_backward_keys)

// dq. Block (tile of query rows, head). Dynamic shared memory as attention_stream_backward_keys.
PMK_EXPORT void PMK_BOUNDS(THREADS, 1) attention_stream_backward_queries(AttentionProblem p) {
    PMK_DYN_SHARED(float, shared);
    float *sq = shared, *sdo = sq + SIDE * LINE, *sk = sdo + SIDE * LINE, *sv = sk + SIDE * LINE;
    float *sp = sv + SIDE * LINE, *sds = sp + SIDE * SCORES;
    const int x = PMK_TID_X & 7, y = PMK_TID_X >> 3, head = PMK_BID_Y, group = head / (p.heads / p.key_heads);
    const RowTile r = row_tile(p, PMK_BID_X);
    const i64 keys = ((i64)r.batch * p.keys * p.key_heads + group) * p.width, step = (i64)p.key_heads * p.width;
    const i64 at = ((i64)r.first * p.heads + head) * p.width;
    stream_load(sq, p.q + at, p, p.heads, r.rows);
    stream_load(sdo, p.dout + at, p, p.heads, r.rows);
    float dq[OWN][WIDTHS] = {};
    for (int tile = next_key_tile<SIDE>(p, r, 0); tile * SIDE < p.keys; tile = next_key_tile<SIDE>(p, r, tile + 1)) {
        const int from = tile * SIDE;
        stream_load(sk, p.k + keys + from * step, p, p.key_heads, p.keys - from);
        stream_load(sv, p.v + keys + from * step, p, p.key_heads, p.keys - from);
        pmk_sync();
        stream_gradients(p, r, head, from, shared, sp, sds);
        pmk_sync();
        stream_mix<false>(dq, sds, sk);
        pmk_sync();                                                  // everyone is done with the tile
    }
    PMK_UNROLL for (int a = 0; a < OWN; a++) PMK_UNROLL for (int c = 0; c < WIDTHS; c++) {
        const int inside = y + 8 * a, column = x + 8 * c;
        if (inside < r.rows && column < p.width) {
            attention_store(p.dq + at + ((i64)inside * p.heads) * p.width + column, dq[a][c], p.add_queries);
        }
    }
}
PMK_REGISTER(attention_stream_backward_queries)
