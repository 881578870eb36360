// Stand-in for libflashattn with the C interface of PaddlePaddle/flash-attention (csrc/capi/flash_attn.h): plain loops
// over the emulated device's memory, in order with the stream. It refuses what the library refuses, and takes what this
// project asks for: no dropout, no sparse masks, no packed sequences.
#include <cmath>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>
#include "pmk.cuh"

extern "C" int cuLaunchHostFunc(void* stream, void (*work)(void*), void* argument);

namespace {
thread_local const char* error = "";

struct Sizes {
    int batch, rows, keys, rounded_rows, rounded_keys, heads, key_heads, width, rounded_width;
    float scale, unscale;
    bool causal, bfloat;
};
struct Strides {
    int row[3], head[3], o_row, o_head, batch[3], o_batch;
};
struct Call {
    Sizes s;
    Strides at;
    const u16 *q, *k, *v, *mask, *dout;
    u16 *o, *dq, *dk, *dv;
    float *lse, *delta, *sums;
};

float load(const Sizes& s, const u16* p, i64 i) {
    return s.bfloat ? pmk_to_f32(bf16{p[i]}) : pmk_to_f32(f16{p[i]});
}
void store(const Sizes& s, u16* p, i64 i, float x) {
    if (s.bfloat) {
        bf16 y;
        pmk_from_f32(x, y);
        p[i] = y.u;
    } else {
        f16 y;
        pmk_from_f32(x, y);
        p[i] = y.u;
    }
}

// Where a head's rows start.
i64 query(const Call& c, int b, int i, int h) { return (i64)b * c.at.batch[0] + (i64)i * c.at.row[0] + h * c.at.head[0]; }
i64 key(const Call& c, int b, int j, int h, int which) {
    return (i64)b * c.at.batch[which] + (i64)j * c.at.row[which] + h / (c.s.heads / c.s.key_heads) * c.at.head[which];
}
i64 result(const Call& c, int b, int i, int h) { return (i64)b * c.at.o_batch + (i64)i * c.at.o_row + h * c.at.o_head; }
i64 expanded(const Call& c, int b, int j, int h) { return (((i64)b * c.s.keys + j) * c.s.heads + h) * c.s.width; }

float dot(const Sizes& s, const u16* x, i64 xi, const u16* y, i64 yi) {
    float sum = 0;
    for (int c = 0; c < s.width; c++) sum += load(s, x, xi + c) * load(s, y, yi + c);
    return sum;
}

std::vector<float> scores(const Call& c, int b, int i, int h) {
    std::vector<float> x(c.s.keys);
    for (int j = 0; j < c.s.keys; j++) {
        x[j] = dot(c.s, c.q, query(c, b, i, h), c.k, key(c, b, j, h, 1));
        if (c.mask) x[j] += load(c.s, c.mask, ((i64)b * c.s.rows + i) * c.s.keys + j) * c.s.unscale;
        x[j] *= c.s.scale;
        if (c.s.causal && j > i + c.s.keys - c.s.rows) x[j] = -INFINITY;
    }
    return x;
}

void forward(void* argument) {
    const Call& c = *static_cast<Call*>(argument);
    for (int b = 0; b < c.s.batch; b++) for (int h = 0; h < c.s.heads; h++) for (int i = 0; i < c.s.rows; i++) {
        const std::vector<float> x = scores(c, b, i, h);
        float largest = -INFINITY, sum = 0;
        for (float each : x) largest = std::fmax(largest, each);
        for (float each : x) sum += std::exp(each - largest);
        const float lse = largest + std::log(sum);
        c.lse[((i64)b * c.s.heads + h) * c.s.rows + i] = lse;
        for (int d = 0; d < c.s.width; d++) {
            float y = 0;
            for (int j = 0; j < c.s.keys; j++) y += std::exp(x[j] - lse) * load(c.s, c.v, key(c, b, j, h, 2) + d);
            store(c.s, c.o, result(c, b, i, h) + d, y);
        }
    }
}

void backward(void* argument) {
    const Call& c = *static_cast<Call*>(argument);
    const i64 keys = (i64)c.s.batch * c.s.keys * c.s.heads * c.s.width;
    std::vector<float> dk(keys), dv(keys);
    for (int b = 0; b < c.s.batch; b++) for (int h = 0; h < c.s.heads; h++) for (int i = 0; i < c.s.rows; i++) {
        const std::vector<float> x = scores(c, b, i, h);
        const i64 row = ((i64)b * c.s.heads + h) * c.s.rounded_rows + i, at = result(c, b, i, h);
        c.delta[row] = dot(c.s, c.o, at, c.dout, at);
        float* const dq = c.sums + row * c.s.rounded_width;
        for (int j = 0; j < c.s.keys; j++) {
            const float p = std::exp(x[j] - c.lse[((i64)b * c.s.heads + h) * c.s.rows + i]);
            const float ds = p * (dot(c.s, c.dout, at, c.v, key(c, b, j, h, 2)) - c.delta[row]) * c.s.scale;
            for (int d = 0; d < c.s.width; d++) {
                dv[expanded(c, b, j, h) + d] += p * load(c.s, c.dout, at + d);
                dk[expanded(c, b, j, h) + d] += ds * load(c.s, c.q, query(c, b, i, h) + d);
                dq[d] += ds * load(c.s, c.k, key(c, b, j, h, 1) + d);
            }
        }
        for (int d = 0; d < c.s.width; d++) store(c.s, c.dq, query(c, b, i, h) + d, dq[d]);
    }
    for (i64 i = 0; i < keys; i++) {
        store(c.s, c.dk, i, dk[i]);
        store(c.s, c.dv, i, dv[i]);
    }
}

bool refuse(const char* why) {
    error = why;
    return false;
}
// A graph may run a call any number of times, so all of them stay until the process ends.
bool enqueue(void* stream, void (*work)(void*), const Call& call) {
    static std::mutex& lock = *new std::mutex;
    static std::deque<Call>& calls = *new std::deque<Call>;
    const std::lock_guard<std::mutex> guard(lock);
    calls.push_back(call);
    return cuLaunchHostFunc(stream, work, &calls.back()) == 0 || refuse("the work could not be enqueued");
}
bool fits(const Sizes& s, float dropout, bool sparse, const void* mask, const int64_t* dims) {
    if (s.width % 8 || s.width > 256) return refuse("head size must be a multiple of 8, at most 256");
    if (s.heads % s.key_heads) return refuse("heads must be divisible by kv heads");
    if (dropout != 0 || sparse) return refuse("the stand-in has neither dropout nor sparse masks");
    if (s.rounded_rows % 128 || s.rounded_keys % 128 || s.rounded_width % 32) return refuse("sizes are not rounded");
    if (mask && (dims[0] != s.batch || (dims[1] != 1 && dims[1] != s.heads) || dims[2] != s.rows || dims[3] != s.keys)) {
        return refuse("attn_mask must be [B, 1 or H, 1 or Sq, Sk]");
    }
    return true;
}
}  // namespace

extern "C" {
const char* flash_attn_error() { return error; }

bool flash_attn_fwd(const void* q, const void* k, const void* v, void*, void* o, void*, void* lse, int batch, int rows,
                    int keys, int rounded_rows, int rounded_keys, int heads, int key_heads, int width, int rounded_width,
                    float dropout, float scale, float unscale, bool causal, bool, bool bfloat, void* stream, uint64_t,
                    uint64_t, const void* mask, const int64_t* dims, const void* sparse, const int64_t*, const void*,
                    const void*, const void*, const void*, int q_row, int k_row, int v_row, int q_head, int k_head,
                    int v_head, int o_row, int o_head, int q_batch, int k_batch, int v_batch, int o_batch) {
    const Sizes s = {batch, rows, keys, rounded_rows, rounded_keys, heads, key_heads, width, rounded_width, scale, unscale,
                     causal, bfloat};
    if (!fits(s, dropout, sparse, mask, dims)) return false;
    const Strides at = {{q_row, k_row, v_row}, {q_head, k_head, v_head}, o_row, o_head, {q_batch, k_batch, v_batch}, o_batch};
    return enqueue(stream, forward,
                   {s, at, (const u16*)q, (const u16*)k, (const u16*)v, (const u16*)mask, nullptr, (u16*)o, nullptr,
                    nullptr, nullptr, (float*)lse, nullptr, nullptr});
}

bool flash_attn_bwd(const void* dout, const void* q, const void* k, const void* v, const void* o, void* delta,
                    const void* lse, void*, void* dq, void* dk, void* dv, void* sums, int batch, int rows, int keys,
                    int rounded_rows, int rounded_keys, int heads, int key_heads, int width, int rounded_width,
                    float dropout, float scale, float unscale, bool causal, bool bfloat, int, void* stream, uint64_t,
                    uint64_t, const void* mask, const int64_t* dims, const void* sparse, const int64_t*, const void*,
                    const void*, const void*, const void*, int q_row, int k_row, int v_row, int q_head, int k_head,
                    int v_head, int o_row, int o_head, int q_batch, int k_batch, int v_batch, int o_batch, int, int, int,
                    int, int, int, int, int, int, int, int, int) {
    const Sizes s = {batch, rows, keys, rounded_rows, rounded_keys, heads, key_heads, width, rounded_width, scale, unscale,
                     causal, bfloat};
    if (!fits(s, dropout, sparse, mask, dims)) return false;
    const Strides at = {{q_row, k_row, v_row}, {q_head, k_head, v_head}, o_row, o_head, {q_batch, k_batch, v_batch}, o_batch};
    return enqueue(stream, backward,
                   {s, at, (const u16*)q, (const u16*)k, (const u16*)v, (const u16*)mask, (const u16*)dout, (u16*)o,
                    (u16*)dq, (u16*)dk, (u16*)dv, (float*)lse, (float*)delta, (float*)sums});
}
}
