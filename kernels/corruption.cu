// Hides tokens for masked diffusion: token n is hidden when it may be and its uniform number is below the rate of its
// segment. The number is word 0 of Philox4x32-10 under the seed on the counter (position, sample, step,
// purpose << 24 | sample >> 32), the bits of org.panamask.diffusion.Noise. A thread for each of N tokens. Seed, step and
// rates change from step to step, so they are read from memory. Reference: Masker.corrupt.
#include "pmk.cuh"

constexpr u32 MASK_PURPOSE = 1u << 24;

struct CorruptionStep {
    u32 seed_low, seed_high, step, unused;
};

PMK_EXPORT void hide_tokens(int* noisy,                 // [N], ids after noise
                            u8* hidden,                 // [N], 1 where noise has hidden the token
                            const int* ids,             // [N]
                            const int* positions,       // [N]
                            const int* segments,        // [N]
                            const u8* maskable,         // [N]
                            const u64* samples,         // [S], global number of each segment's sample
                            const float* rates,         // [S]
                            const CorruptionStep* step, // [1]
                            int N, int mask_token) {
    const int n = PMK_BID_X * PMK_BDIM_X + PMK_TID_X;
    if (n >= N) return;
    const int segment = segments[n];
    const u64 sample = samples[segment];
    u32 words[4] = {static_cast<u32>(positions[n]), static_cast<u32>(sample), step->step,
                    MASK_PURPOSE | (static_cast<u32>(sample >> 32) & 0xffffffu)};
    pmk_philox<10>(words, step->seed_low, step->seed_high);
    const float uniform = static_cast<float>(words[0] >> 8) * 5.9604644775390625e-8f; // 2^-24
    const bool hides = maskable[n] && uniform < rates[segment];
    hidden[n] = hides;
    noisy[n] = hides ? mask_token : ids[n];
}
PMK_REGISTER(hide_tokens)
