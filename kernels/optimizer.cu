// AdamW with decoupled decay, each thread eight of the F numbers of a weight:
//   g = scale gradient, m += (1 - beta1) (g - m), v = beta2 v + (1 - beta2) g^2,
//   p = keep p - rate m / (sqrt(v) root + epsilon),
// keep = 1 - lr decay, rate = lr / (1 - beta1^t), root = 1 / sqrt(1 - beta2^t). The numbers change from step to step, so
// they are read from memory; the host makes them in f64. The weight is f32, PMK_T is the type of gradient and moments.
// Reference: OptimizerLoops.adamW.
#include "numbers.cuh"

typedef PMK_T real;

struct AdamWNumbers {
    float scale, keep, rate, root, rest1, beta2, rest2, epsilon; // rest1 = 1 - beta1, rest2 = 1 - beta2
};

PMK_EXPORT void adam_w(float* parameter,            // [F]
                       real* mean,                  // [F]
                       real* mean_square,           // [F]
                       const real* gradient,        // [F]
                       const AdamWNumbers* numbers, // [1]
                       i64 F) {
    const i64 at = ((i64)PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP;
    if (at >= F) return;
    const AdamWNumbers step = *numbers;
    float p[GROUP], m[GROUP], v[GROUP], g[GROUP];
    load_group(p, parameter + at, F - at);
    load_group(m, mean + at, F - at);
    load_group(v, mean_square + at, F - at);
    load_group(g, gradient + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) {
        const float scaled = g[i] * step.scale;
        m[i] += (scaled - m[i]) * step.rest1;
        v[i] = v[i] * step.beta2 + scaled * scaled * step.rest2;
        p[i] = p[i] * step.keep - step.rate * m[i] / (pmk_sqrt(v[i]) * step.root + step.epsilon);
    }
    store_group(mean + at, m, F - at);
    store_group(mean_square + at, v, F - at);
    store_group(parameter + at, p, F - at);
}
PMK_REGISTER(adam_w)
