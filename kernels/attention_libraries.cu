// What attention by other libraries needs around them: a mask as numbers that are added to scores, the logarithms and
// softmax of scores that lie in memory, and sums over the heads of a group. Sums are f32. Reference: AttentionLoops.
#include "attention.cuh"

// bias[row, j] = 0 where row sees key j, else minus infinity. One thread for each eight keys that one draw serves.
PMK_EXPORT void PMK_BOUNDS(256, 4) attention_bias(AttentionProblem p, PMK_T* bias) {   // bias [R, T]
    const int blocks = (p.keys + 31) >> 5;
    const i64 i = (i64)PMK_BID_X * 256 + PMK_TID_X;
    if (i >= (i64)p.rows * blocks * 4) return;
    const int row = (int)(i / (blocks * 4)), block = (int)(i / 4 % blocks), t = (int)(i & 3);
    const u32 seen = visible8(p, mask_row(p, row, true), row, block, t);
    PMK_UNROLL for (int q = 0; q < 4; q++) PMK_UNROLL for (int e = 0; e < 2; e++) {
        const int j = block * 32 + 8 * q + 2 * t + e;
        if (j < p.keys) pmk_store(bias + (i64)row * p.keys + j, (seen >> (2 * q + e)) & 1 ? 0.f : -pmk_infinity());
    }
}
PMK_REGISTER(attention_bias)

// to[n, g, c] = sum over the heads h of group g of from[n, h, c], or added to it. One thread for each element.
PMK_EXPORT void PMK_BOUNDS(256, 4) attention_groups(PMK_T* to,             // [N, K, d]
                                                   const PMK_T* from,     // [N, H, d]
                                                   i64 elements, int width, int group, int add) {
    const i64 i = (i64)PMK_BID_X * 256 + PMK_TID_X;
    if (i >= elements) return;
    const i64 head = i / width * group;
    float sum = 0.f;
    for (int h = 0; h < group; h++) sum += pmk_load(from + (head + h) * width + i % width);
    attention_store(to + i, sum, add);
}
PMK_REGISTER(attention_groups)

// to = from, or added to it. One thread for each element.
PMK_EXPORT void PMK_BOUNDS(256, 4) attention_sums(PMK_T* to, const float* from, i64 elements, int add) {
    const i64 i = (i64)PMK_BID_X * 256 + PMK_TID_X;
    if (i < elements) attention_store(to + i, from[i], add);
}
PMK_REGISTER(attention_sums)

// Scores become probabilities, kept beside what dropout leaves of them as operands. A warp for each row and head; a row
// that sees nothing gives 0. Block (four rows, head) of the rows [first, first + count) of one batch row.
PMK_EXPORT void PMK_BOUNDS(128, 4) attention_softmax(AttentionProblem p,
                                                    float* scores,         // [H, count, T], products q k^T
                                                    PMK_T* left,           // [H, count, T]
                                                    int first, int count) {
    const int lane = PMK_TID_X & 31, inside = PMK_BID_X * 4 + (PMK_TID_X >> 5), head = PMK_BID_Y;
    if (inside >= count) return;
    const int row = first + inside;
    const i64 at = ((i64)head * count + inside) * p.keys;
    const MaskRow mask = mask_row(p, row, true);
    float largest = -pmk_infinity(), sum = 0.f;
    for (int j = lane; j < p.keys; j += 32) {
        const u32 seen = visible8(p, mask, row, j >> 5, (j >> 1) & 3);
        const bool sees = (seen >> (((j >> 3) & 3) * 2 + (j & 1))) & 1;
        scores[at + j] = sees ? scores[at + j] * p.scale : -pmk_infinity();
        largest = pmk_max(largest, scores[at + j]);
    }
    largest = pmk_warp_max(largest);
    for (int j = lane; j < p.keys; j += 32) {
        const float e = scores[at + j] == -pmk_infinity() ? 0.f : pmk_exp(scores[at + j] - largest);
        scores[at + j] = e;
        sum += e;
    }
    sum = pmk_warp_sum(sum);
    for (int j = lane; j < p.keys; j += 32) {
        const float probability = sum == 0.f ? 0.f : pmk_div(scores[at + j], sum);
        const float kept = !p.dropout_rows ? 1.f
                           : (kept8(p, row, head, j >> 3) >> (j & 7)) & 1 ? p.dropout_scale : 0.f;
        scores[at + j] = probability;
        pmk_store(left + at + j, probability * kept);
    }
}
PMK_REGISTER(attention_softmax)

// ds = p * (m * dp - sum over keys of p * m * dp) * scale, as operands. Warps and blocks as attention_softmax.
PMK_EXPORT void PMK_BOUNDS(128, 4) attention_softmax_backward(AttentionProblem p,
                                                             const float* probabilities,  // [H, count, T]
                                                             const float* dp,             // [H, count, T]
                                                             PMK_T* ds,                   // [H, count, T]
                                                             int first, int count) {
    const int lane = PMK_TID_X & 31, inside = PMK_BID_X * 4 + (PMK_TID_X >> 5), head = PMK_BID_Y;
    if (inside >= count) return;
    const i64 at = ((i64)head * count + inside) * p.keys;
    float sum = 0.f;
    for (int turn = 0; turn < 2; turn++) {
        for (int j = lane; j < p.keys; j += 32) {
            const float kept = !p.dropout_rows ? 1.f
                               : (kept8(p, first + inside, head, j >> 3) >> (j & 7)) & 1 ? p.dropout_scale : 0.f;
            const float gradient = kept * dp[at + j];
            if (turn == 0) sum += probabilities[at + j] * gradient;
            else pmk_store(ds + at + j, probabilities[at + j] * (gradient - sum) * p.scale);
        }
        if (turn == 0) sum = pmk_warp_sum(sum);
    }
}
PMK_REGISTER(attention_softmax_backward)
