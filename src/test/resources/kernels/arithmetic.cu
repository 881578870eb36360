// A small kernel that tests of the runtime launch.
//   y[i] = factor * x[i] + addend[0], x and y [count] PMK_T, addend [1] f32
// One thread for each element; f32 arithmetic.
#include "pmk.cuh"

PMK_EXPORT void scale(const PMK_T* x, PMK_T* y, const float* addend, i64 count, float factor) {
    const i64 i = (i64)PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (i < count) {
        pmk_from_f32(factor * pmk_to_f32(x[i]) + addend[0], y[i]);
    }
}
PMK_REGISTER(scale)
