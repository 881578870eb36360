// Keyed dropout: element (n, c) is dropped when field c % 8 of the Philox words for counter
// (rows[n, 0], rows[n, 1], c / 8, site) is below `threshold`; survivors are scaled. The same kernel is its own way back.
// One block for each row n; a thread draws once for the eight columns that it takes. PMK_T is the type of activations.
// The seed changes with every step, so it is read from memory. Reference: DropoutKey.
#include "numbers.cuh"

typedef PMK_T real;

PMK_EXPORT void dropout(real* y,         // [N, D]
                        const real* x,   // [N, D]
                        const u32* rows, // [N, 2], sample and position
                        const u32* seed, // [2], the low word first
                        int D, u32 site, u32 threshold, float scale, int add) {
    const i64 start = (i64)PMK_BID_X * D;
    const u32 sample = rows[2 * PMK_BID_X], position = rows[2 * PMK_BID_X + 1], low = seed[0], high = seed[1];
    for (int c = PMK_TID_X * GROUP; c < D; c += PMK_BDIM_X * GROUP) {
        u32 words[4] = {sample, position, static_cast<u32>(c / GROUP), site};
        pmk_philox<10>(words, low, high);
        float v[GROUP];
        load_group(v, x + start + c, D - c);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            v[i] *= ((words[i >> 1] >> ((i & 1) * 16)) & 0xffffu) < threshold ? 0.f : scale;
        }
        put_group(y + start + c, v, D - c, add);
    }
}
PMK_REGISTER(dropout)
