// What the attention kernels share: the problem, its mask and its dropout.
//
// A mask is two intervals of keys for each query row, see org.panamask.tensor.KeyIntervals: key j is visible to a row of
// index i when it lies in one of the row's intervals, and j <= i or its draw is below the annealing threshold, and its
// given bit is set where bits are given. Query rows are cut into tiles of rows of one batch row; the host says of each
// tile which keys some of its rows may see (the hull) and which all of them see (the core).
// Draws are Philox4x32, the same bits as org.panamask.tensor.AnnealingDraw and org.panamask.tensor.DropoutKey. Their keys
// and thresholds are read from device memory, so that a captured launch serves every step.
#pragma once
#include "pmk.cuh"

// B batch rows of T keys, R query rows, H heads of width d, K key heads. Mirrored by AttentionArguments in Java.
struct AttentionProblem {
    const PMK_T* q;            // [R, H, d]
    const PMK_T* k;            // [B * T, K, d]
    const PMK_T* v;            // [B * T, K, d]
    PMK_T* o;                  // [R, H, d]
    float* lse;                // [H, R] natural logarithm of the sum of exponentials, infinity where a row sees nothing
    const PMK_T* dout;         // [R, H, d]
    float* delta;              // [H, R] sum over d of dout * o
    float* dq_sum;             // [R, H, d] where dq is summed by atomics, cleared before
    PMK_T* dq;                 // [R, H, d]
    PMK_T* dk;                 // [B * T, K, d]
    PMK_T* dv;                 // [B * T, K, d]
    const int* tiles;          // [tiles, 11]: batch row, first row, rows, hull (4 bounds), core (4 bounds)
    const int* tile_starts;    // [B + 1] the first tile of each batch row
    const int* index;          // [R] index of each query row in its batch row
    const int* bounds;         // [R, 4] start and end of both intervals
    const u32* given;          // [R, ceil(T / 32)] bits, or null
    const u32* draws;          // [7]: annealing key (2) and threshold, dropout seed (2), threshold and site
    const int* dropout_rows;   // [R, 2] sample and position of each query row, or null
    PMK_T* o_rest;             // [R, H, d] what rounding took from o, or null
    int rows;                  // R
    int heads;                 // H
    int key_heads;             // K
    int width;                 // d
    int keys;                  // T
    int annealed;              // whether draws open keys
    int add_queries;           // whether dq is added to what is there
    int add_keys;              // the same of dk
    int add_values;            // the same of dv
    float scale;               // of scores
    float dropout_scale;       // of probabilities that are kept, 1 without dropout
    int reserved;              // fills the struct to a multiple of 8
};

constexpr float LOG2E = 1.4426950408889634f;
constexpr int DROPOUT_SITE_BITS = 20;

// ---- tiles of query rows

enum Visibility { EMPTY, PARTIAL, WHOLE };

struct RowTile {
    int batch, first, rows;
    int hull[4], core[4];
};

PMK_DEV RowTile row_tile(const AttentionProblem& p, int tile) {
    const int* at = p.tiles + tile * 11;
    RowTile r = {at[0], at[1], at[2], {at[3], at[4], at[5], at[6]}, {at[7], at[8], at[9], at[10]}};
    return r;
}

// Keys [from, to) before the rows of a tile; keys beyond T are in no interval, so the last tile of keys is never WHOLE
// unless it is full.
PMK_DEV Visibility visibility(const RowTile& r, int from, int to) {
    const bool touches = (from < r.hull[1] && to > r.hull[0]) || (from < r.hull[3] && to > r.hull[2]);
    const bool inside = (from >= r.core[0] && to <= r.core[1]) || (from >= r.core[2] && to <= r.core[3]);
    return !touches ? EMPTY : inside ? WHOLE : PARTIAL;
}

// The first tile of KEYS keys at or after `tile` that some row sees; the number of tiles where there is none.
template <int KEYS> PMK_DEV int next_key_tile(const AttentionProblem& p, const RowTile& r, int tile) {
    const int tiles = (p.keys + KEYS - 1) / KEYS;
    while (tile < tiles && visibility(r, tile * KEYS, tile * KEYS + KEYS) == EMPTY) tile++;
    return tile;
}

// ---- elements

struct MaskRow {
    int bounds[4];
    int index;
};

// What row `row` sees; one that does not exist sees nothing.
PMK_DEV MaskRow mask_row(const AttentionProblem& p, int row, bool exists) {
    MaskRow m = {{0, 0, 0, 0}, 0};
    if (exists) {
        PMK_UNROLL for (int i = 0; i < 4; i++) m.bounds[i] = p.bounds[(i64)row * 4 + i];
        m.index = p.index[row];
    }
    return m;
}

// Visibility of the eight keys 32 * block + 8 q + 2 t + e as bits 2 q + e: what lane t of an m16n8 fragment owns of 32
// columns, which one Philox call serves.
PMK_DEV u32 visible8(const AttentionProblem& p, const MaskRow& m, int row, int block, int t) {
    if (block * 32 >= p.keys) return 0;
    u32 draw[4] = {(u32)m.index, (u32)(block * 4 + t), 0, 0};
    u32 threshold = 0, given = 0xffffffffu, seen = 0;
    if (p.annealed) {
        threshold = p.draws[2];
        pmk_philox<7>(draw, p.draws[0], p.draws[1]);
    }
    if (p.given) given = p.given[(i64)row * ((p.keys + 31) >> 5) + block];
    PMK_UNROLL for (int q = 0; q < 4; q++) PMK_UNROLL for (int e = 0; e < 2; e++) {
        const int inside = 8 * q + 2 * t + e, j = block * 32 + inside;
        bool sees = (j >= m.bounds[0] && j < m.bounds[1]) || (j >= m.bounds[2] && j < m.bounds[3]);
        if (p.annealed) sees = sees && (j <= m.index || ((draw[q] >> (16 * e)) & 0xffffu) < threshold);
        if (sees && ((given >> inside) & 1)) seen |= 1u << (2 * q + e);
    }
    return seen;
}

// Bit c says whether dropout keeps the probability of key 8 * block + c.
PMK_DEV u32 kept8(const AttentionProblem& p, int row, int head, int block) {
    u32 draw[4] = {(u32)p.dropout_rows[(i64)row * 2], (u32)p.dropout_rows[(i64)row * 2 + 1], (u32)block,
                   ((u32)(head + 1) << DROPOUT_SITE_BITS) + p.draws[6]};
    pmk_philox<10>(draw, p.draws[3], p.draws[4]);
    u32 kept = 0;
    PMK_UNROLL for (int c = 0; c < 8; c++) {
        if (((draw[c >> 1] >> (16 * (c & 1))) & 0xffffu) >= p.draws[5]) kept |= 1u << c;
    }
    return kept;
}

// ---- results

// `at = value`, or added to what is there.
PMK_DEV void attention_store(PMK_T* at, float value, bool add) {
    pmk_store(at, add ? pmk_load(at) + value : value);
}

// delta = sum over d of dout * o, with what rounding took from o where that is kept. One warp for each row and head; block
// (tile of 4, head).
PMK_DEV void attention_delta_rows(const AttentionProblem& p) {
    const int lane = PMK_TID_X & 31, row = PMK_BID_X * (PMK_BDIM_X >> 5) + (PMK_TID_X >> 5), head = PMK_BID_Y;
    if (row >= p.rows) return;
    const i64 at = ((i64)row * p.heads + head) * p.width;
    float sum = 0.f;
    for (int c = lane; c < p.width; c += 32) {
        const float rest = p.o_rest ? pmk_load(p.o_rest + at + c) : 0.f;
        sum += (pmk_load(p.o + at + c) + rest) * pmk_load(p.dout + at + c);
    }
    sum = pmk_warp_sum(sum);
    if (lane == 0) p.delta[(i64)head * p.rows + row] = sum;
}
