// Rotary embedding: the pair (x[n, h, i], x[n, h, i + d/2]) is turned by the angle of positions[n]; sign -1 turns back.
// One block for each row n; a thread takes eight pairs of a head. PMK_T is the type of activations, the angles and
// products are f32. Reference: ElementLoops.rotate.
#include "numbers.cuh"

typedef PMK_T real;

PMK_EXPORT void rotate(real* y,              // [N, H, d]
                       const real* x,        // [N, H, d]
                       const float* cosines, // [P, d/2]
                       const float* sines,   // [P, d/2]
                       const int* positions, // [N]
                       int heads, int half, float sign, int add) {
    const i64 row = (i64)PMK_BID_X * heads * 2 * half;
    const i64 angles = (i64)positions[PMK_BID_X] * half;
    const int head_groups = (half + GROUP - 1) / GROUP;
    for (int group = PMK_TID_X; group < heads * head_groups; group += PMK_BDIM_X) {
        const int i = group % head_groups * GROUP, left = half - i;
        const i64 at = row + (i64)(group / head_groups) * 2 * half + i;
        float low[GROUP], high[GROUP], c[GROUP], s[GROUP];
        load_group(low, x + at, left);
        load_group(high, x + at + half, left);
        load_group(c, cosines + angles + i, left);
        load_group(s, sines + angles + i, left);
        PMK_UNROLL for (int k = 0; k < GROUP; k++) {
            const float a = low[k], b = high[k], sine = sign * s[k];
            low[k] = a * c[k] - b * sine;
            high[k] = b * c[k] + a * sine;
        }
        put_group(y + at, low, left, add);
        put_group(y + at + half, high, left, add);
    }
}
PMK_REGISTER(rotate)
