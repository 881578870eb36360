// Tiles of 16-bit rows in shared memory and their products on tensor cores, m16n8k16 with f32 sums.
// A tile is [rows, D]; its 16-byte chunks are exchanged within 128-byte lines so that eight rows of one column never meet
// in a bank. Lane l of a warp holds of an accumulator [16, 8]: rows g and g + 8, columns 2 t and 2 t + 1, with g = l >> 2
// and t = l & 3; x[n][2 r + e] is row g + 8 r, column 8 n + 2 t + e.
#pragma once
#include "attention.cuh"

enum { D = PMK_D, WIDTH_BLOCKS = D / 8 };

PMK_DEV int tile_at(int row, int chunk) {
    constexpr int CHUNKS = D / 8, LINE_ROWS = D < 64 ? 64 / D : 1, MASK = CHUNKS < 8 ? CHUNKS - 1 : 7;
    return row * D + ((chunk ^ ((row / LINE_ROWS) & MASK)) << 3);
}

// Copies `valid` rows of `width` elements, `stride` apart; the rest of the tile becomes zero. Rows of whole 16-byte chunks
// are copied asynchronously: wait for the group, then for the block.
template <int ROWS, int THREADS> PMK_DEV void tile_load(PMK_T* tile, const PMK_T* from, i64 stride, int valid, int width) {
    if (width % 8 == 0) {
        PMK_UNROLL for (int i = PMK_TID_X; i < ROWS * D / 8; i += THREADS) {
            const int r = i / (D / 8), c = i % (D / 8);
            const bool exists = r < valid && c * 8 < width;
            pmk_cp_async16(tile + tile_at(r, c), exists ? from + (i64)r * stride + c * 8 : from, exists);
        }
        return;
    }
    for (int i = PMK_TID_X; i < ROWS * D; i += THREADS) {
        const int r = i / D, c = i % D;
        PMK_T value;
        pmk_from_f32(0.f, value);
        tile[tile_at(r, c >> 3) + (c & 7)] = r < valid && c < width ? from[(i64)r * stride + c] : value;
    }
}

// sum[n] += left right^T: 16 rows of `left` from `row` on, BLOCKS * 8 rows of `right` from `first` on.
template <int BLOCKS>
PMK_DEV void tile_dots(float (&sum)[BLOCKS][4], const PMK_T* left, int row, const PMK_T* right, int first) {
    const int lane = PMK_TID_X & 31;
    const int at = tile_at(row + (lane & 15), lane >> 4), from = tile_at((lane & 7) + ((lane >> 4) << 3), (lane >> 3) & 1);
    PMK_UNROLL for (int k = 0; k < D / 16; k++) {
        u32 a[4];
        pmk_ldmatrix_x4(a, left + (at ^ (k * 16)));
        PMK_UNROLL for (int n = 0; n < BLOCKS; n += 2) {
            u32 r[4];
            pmk_ldmatrix_x4(r, right + (first + n * 8) * D + (from ^ (k * 16)));
            const u32 b0[2] = {r[0], r[1]}, b1[2] = {r[2], r[3]};
            pmk_mma_16816(sum[n], a, b0, (PMK_T*)0);
            pmk_mma_16816(sum[n + 1], a, b1, (PMK_T*)0);
        }
    }
}

// sum[n] += scores values: accumulators [16, BLOCKS * 8] rounded to operands, BLOCKS * 8 rows of `values` from `first` on.
template <int BLOCKS>
PMK_DEV void tile_mix(float (&sum)[WIDTH_BLOCKS][4], const float (&scores)[BLOCKS][4], const PMK_T* values, int first) {
    const int lane = PMK_TID_X & 31;
    PMK_UNROLL for (int k = 0; k < BLOCKS / 2; k++) {
        u32 a[4];
        PMK_UNROLL for (int i = 0; i < 4; i++) {
            const int n = 2 * k + (i >> 1), e = (i & 1) * 2;
            a[i] = pmk_pack2(scores[n][e], scores[n][e + 1], (PMK_T*)0);
        }
        PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n += 2) {
            u32 r[4];
            pmk_ldmatrix_x4_trans(
                r, values + tile_at(first + k * 16 + (lane & 7) + ((lane >> 3) & 1) * 8, n + (lane >> 4)));
            const u32 b0[2] = {r[0], r[1]}, b1[2] = {r[2], r[3]};
            pmk_mma_16816(sum[n], a, b0, (PMK_T*)0);
            pmk_mma_16816(sum[n + 1], a, b1, (PMK_T*)0);
        }
    }
}

// Bit 8 q + c says whether dropout keeps key 32 * block + 8 q + c of a row; lane t of a quad draws the keys of q = t.
PMK_DEV u32 tile_kept32(const AttentionProblem& p, int row, int head, int block) {
    const int t = PMK_TID_X & 3;
    u32 kept = kept8(p, row, head, block * 4 + t) << (8 * t);
    kept |= pmk_shfl_xor(kept, 1);
    kept |= pmk_shfl_xor(kept, 2);
    return kept;
}

// Row g + 8 r of an accumulator [16, D], times `factor`, to a row of `width` elements at `to`.
PMK_DEV void tile_store(PMK_T* to, const float (&x)[WIDTH_BLOCKS][4], int r, float factor, int width, bool add) {
    const int t = PMK_TID_X & 3;
    PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n++) {
        const int column = n * 8 + t * 2;
        const float first = x[n][r * 2] * factor, second = x[n][r * 2 + 1] * factor;
        if (width % 2 == 0 && !add) {
            if (column < width) *(u32*)(to + column) = pmk_pack2(first, second, (PMK_T*)0);
        } else {
            if (column < width) attention_store(to + column, first, add);
            if (column + 1 < width) attention_store(to + column + 1, second, add);
        }
    }
}

// What rounding takes from tile_store's row, as another row.
PMK_DEV void tile_store_rest(PMK_T* to, const float (&x)[WIDTH_BLOCKS][4], int r, float factor, int width) {
    const int t = PMK_TID_X & 3;
    PMK_UNROLL for (int n = 0; n < WIDTH_BLOCKS; n++) PMK_UNROLL for (int e = 0; e < 2; e++) {
        const int column = n * 8 + t * 2 + e;
        const float exact = x[n][r * 2 + e] * factor;
        PMK_T rounded;
        pmk_store(&rounded, exact);
        if (column < width) pmk_store(to + column, exact - pmk_load(&rounded));
    }
}
