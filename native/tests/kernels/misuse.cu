// Kernels that break a rule each, and kernels that show what the emulator does with memory.
#include "pmk.cuh"

PMK_EXPORT void half_a_warp_shuffles(int* out) {
    if ((PMK_TID_X & 31) < 16) out[PMK_TID_X] = pmk_shfl_xor(1, 1);
}
PMK_REGISTER(half_a_warp_shuffles)

PMK_EXPORT void lanes_meet_differently(u32* out) {
    out[PMK_TID_X] = (PMK_TID_X & 1) ? pmk_ballot(true) : pmk_shfl_xor(1u, 1);
}
PMK_REGISTER(lanes_meet_differently)

PMK_EXPORT void a_thread_leaves_before_the_barrier(int* out) {
    if (PMK_TID_X == 5) return;
    pmk_sync();
    out[PMK_TID_X] = 1;
}
PMK_REGISTER(a_thread_leaves_before_the_barrier)

PMK_EXPORT void one_warp_passes_the_barrier_by(int* out) {
    if (PMK_TID_X >= 32) pmk_sync();
    pmk_warp_sync();
    if (PMK_TID_X < 32) out[pmk_shfl_idx(static_cast<int>(PMK_TID_X), 0)] = 1;
}
PMK_REGISTER(one_warp_passes_the_barrier_by)

PMK_EXPORT void crooked_rows(u32* out) {
    PMK_SHARED(u16, rows, 512);
    for (int i = PMK_TID_X; i < 512; i += 32) rows[i] = static_cast<u16>(i);
    pmk_sync();
    u32 r[4];
    pmk_ldmatrix_x4(r, rows + PMK_TID_X * 8 + 1);
    out[PMK_TID_X] = r[0];
}
PMK_REGISTER(crooked_rows)

PMK_EXPORT void crooked_copy(const u8* from, u8* out) {
    PMK_SHARED(u8, there, 1024);
    pmk_cp_async16(there + PMK_TID_X * 16, from + PMK_TID_X * 16 + 8, true);
    pmk_cp_commit();
    pmk_cp_wait<0>();
    out[PMK_TID_X] = there[PMK_TID_X * 16];
}
PMK_REGISTER(crooked_copy)

PMK_EXPORT void too_much_shared(float* out) {
    PMK_SHARED(float, much, 12289);
    much[PMK_TID_X] = 1;
    out[PMK_TID_X] = much[PMK_TID_X];
}
PMK_REGISTER(too_much_shared)

// One thread of the second warp reads what is there, the others do not.
PMK_EXPORT void wild_read(const int* wild, int* out) {
    if (PMK_TID_X == 37) out[0] = *wild;
}
PMK_REGISTER(wild_read)

PMK_DEV int deeper(volatile int* out, int depth) {
    volatile int filled[64];
    filled[depth & 63] = out[0];
    return depth == 0 ? filled[0] : deeper(out, depth - 1) + filled[depth & 63];
}
PMK_EXPORT void endless_stack(int* out) { out[PMK_TID_X] = deeper(out, 1 << 20); }
PMK_REGISTER(endless_stack)

// out[0] is what fresh shared memory holds, out[1] the same of dynamic memory.
PMK_EXPORT void fresh_shared(float* out) {
    PMK_SHARED(float, fresh, 64);
    PMK_DYN_SHARED(float, dynamic);
    if (PMK_TID_X == 0) {
        out[0] = fresh[63];
        out[1] = dynamic[15];
    }
}
PMK_REGISTER(fresh_shared)

// out[lane] before the wait, out[32 + lane] after it, out[64 + lane] of a copy that was not taken.
PMK_EXPORT void copies_land(const float* from, float* out) {
    PMK_SHARED(float, there, 128);
    PMK_SHARED(float, zeros, 128);
    const int lane = PMK_TID_X;
    pmk_cp_async16(there + lane * 4, from + lane * 4, true);
    pmk_cp_async16(zeros + lane * 4, from, false);
    pmk_cp_commit();
    out[lane] = there[lane * 4];
    pmk_cp_wait<0>();
    out[32 + lane] = there[lane * 4];
    out[64 + lane] = zeros[lane * 4];
}
PMK_REGISTER(copies_land)

// A thread writes what the next warp reads, with or without the barrier between.
PMK_EXPORT void neighbours(int* out, int with_barrier) {
    PMK_SHARED(int, values, 256);
    values[PMK_TID_X] = PMK_TID_X;
    if (with_barrier) pmk_sync();
    out[PMK_TID_X] = values[(PMK_TID_X + 32) % PMK_BDIM_X];
}
PMK_REGISTER(neighbours)
