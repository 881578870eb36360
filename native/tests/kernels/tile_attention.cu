// Attention of the emulator's own tests, one head of width 64 in bf16, in the manner of FlashAttention-2: the forward
// pass with its online softmax, and the gradient of Q through dS in shared memory. Query i sees key j if j <= i, or if
// its random field lies below `threshold`. 64 x 64 tiles, 4 warps, 16 rows of queries (forward) or keys (gradient) each.
#include "pmk.cuh"

enum { WIDTH = 64, ROWS = 64, THREADS = 128, GRADIENT_STRIDE = ROWS + 8 };
constexpr float LOG2_E = 1.4426950408889634f;

struct Attention {
    const bf16 *q, *k, *v, *d_out;  // [L, 64]
    bf16* out;                      // [L, 64]
    float *log_sum, *delta, *d_q;   // [L], [L], [L, 64]
    int length;
    float scale;
    u32 threshold, seed;
};

PMK_DEV bool visible(const Attention& p, int i, int j) {
    if (j <= i) return true;
    u32 words[4] = {static_cast<u32>(i), static_cast<u32>((j >> 5) * 4 + ((j >> 1) & 3)), 0, 0};
    pmk_philox<7>(words, p.seed, 0);
    return ((words[(j >> 3) & 3] >> (16 * (j & 1))) & 0xffff) < p.threshold;
}

// Chunks of 8 elements, mixed so that the 8 rows of a matrix lie in different banks.
PMK_DEV int place(int row, int chunk) { return row * WIDTH + ((chunk ^ (row & 7)) << 3); }

PMK_DEV void load_rows(bf16* to, const bf16* from, int first, int length) {
    for (int i = PMK_TID_X; i < ROWS * WIDTH / 8; i += THREADS) {
        const int row = i / (WIDTH / 8), chunk = i % (WIDTH / 8);
        const bool inside = first + row < length;
        pmk_cp_async16(to + place(row, chunk), inside ? from + (first + row) * WIDTH + chunk * 8 : from, inside);
    }
}

// s[8 tiles][4] = X Y^T for 16 rows of X and all of Y, both in shared memory.
PMK_DEV void scores(float (&s)[8][4], const bf16* x, const bf16* y, int lane, int warp) {
    for (int ks = 0; ks < WIDTH / 16; ks++) {
        u32 a[4];
        pmk_ldmatrix_x4(a, x + place(warp * 16 + (lane & 15), ks * 2 + (lane >> 4)));
        for (int n = 0; n < 8; n += 2) {
            u32 r[4];
            pmk_ldmatrix_x4(r, y + place(n * 8 + (lane & 7) + ((lane >> 4) << 3), ks * 2 + ((lane >> 3) & 1)));
            const u32 first[2] = {r[0], r[1]}, second[2] = {r[2], r[3]};
            pmk_mma_16816(s[n], a, first, x);
            pmk_mma_16816(s[n + 1], a, second, x);
        }
    }
}

// o[8 tiles][4] += P Y for 16 rows of P in registers and Y in shared memory.
PMK_DEV void weigh(float (&o)[8][4], const u32 (&a)[4], const bf16* y, int ks, int lane) {
    for (int n = 0; n < 8; n += 2) {
        u32 r[4];
        pmk_ldmatrix_x4_trans(r, y + place(ks * 16 + (lane & 7) + ((lane >> 3) & 1) * 8, n + (lane >> 4)));
        const u32 first[2] = {r[0], r[1]}, second[2] = {r[2], r[3]};
        pmk_mma_16816(o[n], a, first, y);
        pmk_mma_16816(o[n + 1], a, second, y);
    }
}

PMK_EXPORT void attention_forward(Attention p) {
    PMK_DYN_SHARED(bf16, memory);
    bf16 *sq = memory, *sk = sq + ROWS * WIDTH, *sv = sk + ROWS * WIDTH;
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, g = lane >> 2, t = lane & 3, m0 = PMK_BID_X * ROWS;
    const float factor = p.scale * LOG2_E;
    float o[8][4] = {}, largest[2] = {-pmk_infinity(), -pmk_infinity()}, sum[2] = {};
    load_rows(sq, p.q, m0, p.length);
    load_rows(sk, p.k, 0, p.length);
    pmk_cp_commit();
    for (int j0 = 0; j0 < p.length; j0 += ROWS) {
        pmk_cp_wait<0>();  // the keys have landed
        pmk_sync();  // the keys are there, the values of the step before are used
        load_rows(sv, p.v, j0, p.length);
        pmk_cp_commit();
        float s[8][4] = {};
        scores(s, sq, sk, lane, warp);
        pmk_cp_wait<0>();  // the values have landed
        pmk_sync();  // the values are there, the keys are used
        if (j0 + ROWS < p.length) load_rows(sk, p.k, j0 + ROWS, p.length);
        pmk_cp_commit();
        for (int e = 0; e < 32; e++) {
            const int i = m0 + warp * 16 + g + (e & 2) * 4, j = j0 + (e >> 2) * 8 + t * 2 + (e & 1);
            if (j >= p.length || !visible(p, i, j)) s[e >> 2][e & 3] = -pmk_infinity();
        }
        for (int r = 0; r < 2; r++) {
            float top = largest[r];
            for (int n = 0; n < 8; n++) top = pmk_max(top, pmk_max(s[n][r * 2], s[n][r * 2 + 1]));
            top = pmk_max(top, pmk_shfl_xor(top, 1));
            top = pmk_max(top, pmk_shfl_xor(top, 2));
            const float shift = top * factor, keep = pmk_exp2(largest[r] * factor - shift);
            largest[r] = top;
            sum[r] *= keep;
            for (int n = 0; n < 8; n++) {
                for (int e = 2 * r; e < 2 * r + 2; e++) {
                    o[n][e] *= keep;
                    s[n][e] = pmk_exp2(s[n][e] * factor - shift);
                    sum[r] += s[n][e];
                }
            }
        }
        for (int ks = 0; ks < ROWS / 16; ks++) {
            u32 a[4];
            for (int x = 0; x < 4; x++) {
                const float* pair = s[2 * ks + (x >> 1)] + (x & 1) * 2;
                a[x] = pmk_pack2(pair[0], pair[1], p.q);
            }
            weigh(o, a, sv, ks, lane);
        }
    }
    pmk_cp_wait<0>();
    for (int r = 0; r < 2; r++) {
        const int i = m0 + warp * 16 + g + r * 8;
        sum[r] += pmk_shfl_xor(sum[r], 1);
        sum[r] += pmk_shfl_xor(sum[r], 2);
        if (i >= p.length) continue;
        for (int n = 0; n < 8; n++) {
            for (int e = 0; e < 2; e++) pmk_from_f32(o[n][r * 2 + e] / sum[r], p.out[i * WIDTH + n * 8 + t * 2 + e]);
        }
        if (t == 0) p.log_sum[i] = largest[r] * p.scale + pmk_log(sum[r]);
    }
}
PMK_REGISTER(attention_forward)

// One block for 64 keys: S^T = K Q^T and dP^T = V dO^T, dS = P (dP - delta), dQ += dS K by atomics.
PMK_EXPORT void attention_query_gradient(Attention p) {
    PMK_DYN_SHARED(bf16, memory);
    bf16 *sk = memory, *sv = sk + ROWS * WIDTH, *sq = sv + ROWS * WIDTH, *so = sq + ROWS * WIDTH;
    bf16* ss = so + ROWS * WIDTH;  // dS^T, [keys, GRADIENT_STRIDE]
    const int lane = PMK_TID_X & 31, warp = PMK_TID_X >> 5, g = lane >> 2, t = lane & 3, n0 = PMK_BID_X * ROWS;
    load_rows(sk, p.k, n0, p.length);
    load_rows(sv, p.v, n0, p.length);
    for (int m0 = 0; m0 < p.length; m0 += ROWS) {
        load_rows(sq, p.q, m0, p.length);
        load_rows(so, p.d_out, m0, p.length);
        pmk_cp_commit();
        pmk_cp_wait<0>();
        pmk_sync();  // the queries are there
        float s[8][4] = {}, dp[8][4] = {};
        scores(s, sk, sq, lane, warp);
        scores(dp, sv, so, lane, warp);
        for (int e = 0; e < 32; e++) {
            const int row = warp * 16 + g + (e & 2) * 4, column = (e >> 2) * 8 + t * 2 + (e & 1);
            const int i = m0 + column, j = n0 + row;
            float gradient = 0.f;
            if (i < p.length && j < p.length && visible(p, i, j)) {
                const float weight = pmk_exp(s[e >> 2][e & 3] * p.scale - p.log_sum[i]);
                gradient = weight * (dp[e >> 2][e & 3] - p.delta[i]);
            }
            pmk_from_f32(gradient, ss[row * GRADIENT_STRIDE + column]);
        }
        pmk_sync();  // dS^T is there, the queries are used
        float dq[8][4] = {};
        for (int ks = 0; ks < ROWS / 16; ks++) {
            u32 a[4];
            const int row = ks * 16 + (lane & 7) + (lane >> 4) * 8, column = warp * 16 + ((lane >> 3) & 1) * 8;
            pmk_ldmatrix_x4_trans(a, ss + row * GRADIENT_STRIDE + column);
            weigh(dq, a, sk, ks, lane);
        }
        for (int e = 0; e < 32; e++) {
            const int i = m0 + warp * 16 + g + (e & 2) * 4, d = (e >> 2) * 8 + t * 2 + (e & 1);
            if (i < p.length) pmk_atomic_add(p.d_q + i * WIDTH + d, dq[e >> 2][e & 3] * p.scale);
        }
    }
}
PMK_REGISTER(attention_query_gradient)
