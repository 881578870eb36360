// Functions of elements, F numbers in all; each thread takes eight that follow each other. PMK_T is the type of
// activations; what is computed is f32. Reference: ElementLoops.
//   swi_glu      y = silu(gate) up, silu(x) = x / (1 + exp(-x))
//   gelu         y = x (1 + t) / 2, t = tanh(sqrt(2 / pi) (x + 0.044715 x^3))
//   extrapolate  y = from + factor (to - from)
#include "numbers.cuh"

typedef PMK_T real;

constexpr float GELU_SLOPE = 0.7978845608028654f; // sqrt(2 / pi)
constexpr float GELU_CUBIC = 0.044715f;

PMK_DEV i64 first_of_thread() { return ((i64)PMK_BID_X * PMK_BDIM_X + PMK_TID_X) * GROUP; }

PMK_DEV float gelu_bend(float x) { return pmk_tanh(GELU_SLOPE * (x + GELU_CUBIC * x * x * x)); }

PMK_EXPORT void swi_glu(real* y,          // [F]
                        const real* gate, // [F]
                        const real* up,   // [F]
                        i64 F) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float g[GROUP], u[GROUP];
    load_group(g, gate + at, F - at);
    load_group(u, up + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) g[i] = g[i] * pmk_sigmoid(g[i]) * u[i];
    store_group(y + at, g, F - at);
}
PMK_REGISTER(swi_glu)

// dgate = dy up s (1 + gate (1 - s)) with s = sigmoid(gate), then dup = dy silu(gate): one tensor may take both, the
// second added. Either is added where its flag says so.
PMK_EXPORT void swi_glu_backward(real* dgate,      // [F]
                                 real* dup,        // [F]
                                 const real* dy,   // [F]
                                 const real* gate, // [F]
                                 const real* up,   // [F]
                                 i64 F, int add_gate, int add_up) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float d[GROUP], g[GROUP], u[GROUP];
    load_group(d, dy + at, F - at);
    load_group(g, gate + at, F - at);
    load_group(u, up + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) {
        const float s = pmk_sigmoid(g[i]);
        u[i] *= d[i] * s * (1.f + g[i] * (1.f - s));
        d[i] *= g[i] * s;
    }
    put_group(dgate + at, u, F - at, add_gate);
    put_group(dup + at, d, F - at, add_up);
}
PMK_REGISTER(swi_glu_backward)

PMK_EXPORT void gelu(real* y,       // [F]
                     const real* x, // [F]
                     i64 F) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float v[GROUP];
    load_group(v, x + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] *= 0.5f * (1.f + gelu_bend(v[i]));
    store_group(y + at, v, F - at);
}
PMK_REGISTER(gelu)

// dx = dy ((1 + t) / 2 + x (1 - t^2) sqrt(2 / pi) (1 + 3 * 0.044715 x^2) / 2).
PMK_EXPORT void gelu_backward(real* dx,       // [F]
                              const real* dy, // [F]
                              const real* x,  // [F]
                              i64 F, int add) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float d[GROUP], v[GROUP];
    load_group(d, dy + at, F - at);
    load_group(v, x + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) {
        const float t = gelu_bend(v[i]);
        const float slope = (1.f - t * t) * GELU_SLOPE * (1.f + 3.f * GELU_CUBIC * v[i] * v[i]);
        d[i] *= 0.5f * (1.f + t + v[i] * slope);
    }
    put_group(dx + at, d, F - at, add);
}
PMK_REGISTER(gelu_backward)

PMK_EXPORT void add(real* sum,     // [F]
                    const real* x, // [F]
                    const real* y, // [F]
                    i64 F) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float a[GROUP], b[GROUP];
    load_group(a, x + at, F - at);
    load_group(b, y + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) a[i] += b[i];
    store_group(sum + at, a, F - at);
}
PMK_REGISTER(add)

PMK_EXPORT void extrapolate(real* y,          // [F]
                            const real* from, // [F]
                            const real* to,   // [F]
                            i64 F, float factor) {
    const i64 at = first_of_thread();
    if (at >= F) return;
    float start[GROUP], end[GROUP];
    load_group(start, from + at, F - at);
    load_group(end, to + at, F - at);
    PMK_UNROLL for (int i = 0; i < GROUP; i++) start[i] += factor * (end[i] - start[i]);
    store_group(y + at, start, F - at);
}
PMK_REGISTER(extrapolate)
