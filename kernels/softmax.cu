// Softmax of rows: p[c, v] = exp(l[c, v]) / sum_w exp(l[c, w]). One block for each row, threads stride over the columns;
// logits and sums are f32, probabilities of type PMK_T, which for float may take the place of the logits. Reference:
// HeadLoops.expectation.
#include "logits.cuh"

PMK_EXPORT void softmax(PMK_T* probabilities, // [C, V]
                        const float* logits,  // [C, V]
                        int V) {
    const i64 row = PMK_BID_X;
    const float* l = logits + row * V;
    const RowMass all = row_mass(l, V);
    const float share = 1.f / all.sum;
    for (int v = PMK_TID_X; v < V; v += PMK_BDIM_X) {
        pmk_from_f32(pmk_exp(l[v] - all.largest) * share, probabilities[row * V + v]);
    }
}
PMK_REGISTER(softmax)
