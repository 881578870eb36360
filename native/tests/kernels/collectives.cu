// Every shuffle, vote, reduction and atomic of the dialect.
#include "pmk.cuh"

template <class V> PMK_DEV void shuffles(V* out) {
    const int lane = PMK_TID_X & 31;
    const V v = static_cast<V>(1000) * static_cast<V>(1000) + static_cast<V>(lane);
    out[lane] = pmk_shfl_xor(v, 5);
    out[32 + lane] = pmk_shfl_idx(v, (lane * 3) & 31);
    out[64 + lane] = pmk_shfl_up(v, 2);
    out[96 + lane] = pmk_shfl_down(v, 3);
}

PMK_EXPORT void shuffles_i32(i32* out) { shuffles(out); }
PMK_REGISTER(shuffles_i32)
PMK_EXPORT void shuffles_f32(float* out) { shuffles(out); }
PMK_REGISTER(shuffles_f32)
PMK_EXPORT void shuffles_u64(u64* out) { shuffles(out); }
PMK_REGISTER(shuffles_u64)
PMK_EXPORT void shuffles_f64(double* out) { shuffles(out); }
PMK_REGISTER(shuffles_f64)

PMK_EXPORT void votes(u32* out) {
    const u32 ballot = pmk_ballot(PMK_TID_X % 3 == 0);
    out[PMK_TID_X] = ballot;
    if (PMK_TID_X == 0) {
        out[32] = static_cast<u32>(pmk_popcount(ballot));
        out[33] = static_cast<u32>(pmk_lowest_bit(ballot & ~1u));
    }
}
PMK_REGISTER(votes)

PMK_EXPORT void reductions(const float* x, float* out) {
    const float sum = pmk_block_sum(x[PMK_TID_X]), largest = pmk_block_max(x[PMK_TID_X]);
    const double exact = pmk_block_sum(static_cast<double>(x[PMK_TID_X]));
    out[PMK_TID_X] = sum;
    out[PMK_BDIM_X + PMK_TID_X] = largest;
    out[2 * PMK_BDIM_X + PMK_TID_X] = static_cast<float>(exact);
}
PMK_REGISTER(reductions)

struct Totals {
    double sum64;
    u64 count64;
    float sum32, largest, largest_negative;
    u32 count, most, least, bits;
    i32 most_signed;
};

PMK_EXPORT void atomics(Totals* t) {
    const int i = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    pmk_atomic_add(&t->sum64, 0.5);
    pmk_atomic_add(&t->count64, u64{1});
    pmk_atomic_add(&t->sum32, 1.f);
    pmk_atomic_max(&t->largest, static_cast<float>(i) - 100.f);
    pmk_atomic_max(&t->largest_negative, -1.f - static_cast<float>(i));
    pmk_atomic_add(&t->count, 1u);
    pmk_atomic_max(&t->most, static_cast<u32>(i));
    pmk_atomic_min(&t->least, static_cast<u32>(i + 7));
    pmk_atomic_or(&t->bits, 1u << (i & 31));
    pmk_atomic_max(&t->most_signed, -i);
}
PMK_REGISTER(atomics)
