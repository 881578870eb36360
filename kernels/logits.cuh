// What is summed of a row of logits by the threads of a block, which stride over the vocabulary.
#pragma once
#include "pmk.cuh"

// The largest of a row and the sum of exp(x - largest), in every thread.
struct RowMass {
    float largest, sum;
};

constexpr int LOGITS_AT_ONCE = 4; // that a thread waits for together

// Reads the row once: what a thread has summed shrinks when it meets a larger number. A NaN stays in the sum.
PMK_DEV RowMass row_mass(const float* row, int V) {
    float largest = -pmk_infinity(), sum = 0.f, x[LOGITS_AT_ONCE];
    for (int from = PMK_TID_X; from < V; from += LOGITS_AT_ONCE * PMK_BDIM_X) {
        PMK_UNROLL for (int i = 0; i < LOGITS_AT_ONCE; i++) {
            const int v = from + i * static_cast<int>(PMK_BDIM_X);
            x[i] = v < V ? row[v] : -pmk_infinity();
        }
        PMK_UNROLL for (int i = 0; i < LOGITS_AT_ONCE; i++) {
            if (x[i] == -pmk_infinity()) continue;
            const float smaller = pmk_exp(-pmk_abs(x[i] - largest));
            sum = x[i] > largest ? sum * smaller + 1.f : sum + smaller;
            largest = pmk_max(largest, x[i]);
        }
    }
    const float all = pmk_block_max(largest);
    return RowMass{all, pmk_block_sum(sum == 0.f ? 0.f : sum * pmk_exp(largest - all))};
}
