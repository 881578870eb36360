// Cross entropy of a chunk of logits, and what leads back from it: ce[c] = log(sum_v exp(l[c, v])) - l[c, t[c]] and the
// errors e[c, v] = softmax(l)[c, v] - (v == t[c]). One block for each row c of C, threads stride over the vocabulary;
// logits and sums are f32, errors are of type PMK_T. How a row counts, f(ce) = alpha (1 - exp(-ce))^gamma ce, and its
// slope are taken in f64, once a row. References: HeadLoops, TokenWeighting.
#include "logits.cuh"

typedef PMK_T real;

PMK_EXPORT void cross_entropy_rows(float* entropies,     // [C]
                                   int* correct,         // [C], 1 where no logit is above the target's
                                   const float* logits,  // [C, V]
                                   const int* targets,   // [C]
                                   real* errors,         // [C, V], or null; for float it may be the logits
                                   int V) {
    const i64 row = PMK_BID_X;
    const float* l = logits + row * V;
    const RowMass all = row_mass(l, V);
    const int target = targets[row];
    if (PMK_TID_X == 0) {
        // Near 0 the two parts are small, whatever the logits are.
        entropies[row] = (all.largest - l[target]) + pmk_log(all.sum);
        correct[row] = l[target] == all.largest ? 1 : 0;
    }
    if (errors == nullptr) return;
    pmk_sync(); // the target's logit has been read where errors take its place
    const float share = 1.f / all.sum;
    for (int v = PMK_TID_X; v < V; v += PMK_BDIM_X) {
        pmk_from_f32(pmk_exp(l[v] - all.largest) * share - (v == target ? 1.f : 0.f), errors[row * V + v]);
    }
}
PMK_REGISTER(cross_entropy_rows)

// 1 - exp(-ce); rounding can leave a cross entropy just below 0.
PMK_DEV double missed_mass(double entropy) { return entropy > 0 ? 1 - pmk_exp(-entropy) : 0; }

PMK_DEV double power(double base, double exponent) {
    return exponent == 0 ? 1 : base > 0 ? pmk_exp(exponent * pmk_log(base)) : 0;
}

PMK_DEV double counted(double entropy, float alpha, float gamma) {
    return alpha * power(missed_mass(entropy), gamma) * entropy;
}

PMK_DEV double slope(double entropy, float alpha, float gamma) {
    if (gamma == 0.f) return alpha;
    const double missed = missed_mass(entropy);
    if (missed == 0) return 0;
    const double all = power(missed, gamma);
    return alpha * (all + gamma * entropy * (1 - missed) * all / missed);
}

// loss = sum_r w[r] f(ce[r]), in one block, whose threads stride over the rows.
PMK_EXPORT void cross_entropy_loss(float* loss,            // [1]
                                   const float* entropies, // [R]
                                   const float* weights,   // [R]
                                   int R, float alpha, float gamma) {
    double sum = 0;
    for (int r = PMK_TID_X; r < R; r += PMK_BDIM_X) sum += weights[r] * counted(entropies[r], alpha, gamma);
    sum = pmk_block_sum(sum);
    if (PMK_TID_X == 0) *loss = static_cast<float>(sum);
}
PMK_REGISTER(cross_entropy_loss)

// What the gradient of a row's cross entropy is multiplied with: w[c] f'(ce[c]). One thread for each row.
PMK_EXPORT void cross_entropy_factors(float* factors,         // [C]
                                      const float* entropies, // [C]
                                      const float* weights,   // [C]
                                      int C, float alpha, float gamma) {
    const int row = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (row < C) factors[row] = static_cast<float>(weights[row] * slope(entropies[row], alpha, gamma));
}
PMK_REGISTER(cross_entropy_factors)

template <class T> PMK_DEV void scale_row(real* to, const T* from, const float* factors, int D) {
    const i64 row = PMK_BID_X;
    const float factor = factors[row];
    for (int d = PMK_TID_X; d < D; d += PMK_BDIM_X) {
        pmk_from_f32(factor * pmk_to_f32(from[row * D + d]), to[row * D + d]);
    }
}

// to[c, d] = factors[c] from[c, d]. One block for each row.
PMK_EXPORT void scale_rows(real* to,             // [C, D]
                           const real* from,     // [C, D]
                           const float* factors, // [C]
                           int D) {
    scale_row(to, from, factors, D);
}
PMK_REGISTER(scale_rows)

PMK_EXPORT void scale_rows_of_sums(real* to,             // [C, D]
                                   const float* from,    // [C, D]
                                   const float* factors, // [C]
                                   int D) {
    scale_row(to, from, factors, D);
}
PMK_REGISTER(scale_rows_of_sums)
