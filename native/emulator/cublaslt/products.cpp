// The products themselves: inputs as f32, sums in f32, epilogues as cuBLASLt documents them.
#include <cmath>
#include <cstring>
#include "attributes.h"

namespace pmkemu::cublaslt {
namespace {
typedef float Eight __attribute__((vector_size(32), aligned(4)));
constexpr u64 TILE_HEIGHT = 4, TILE_WIDTH = 16;
// sqrt(2 / pi) and the cubic term of GELU's tanh form, Hendrycks and Gimpel 2016.
constexpr float GELU_SLOPE = 0.7978845608f, GELU_CUBE = 0.044715f;

float gelu(float x) { return 0.5f * x * (1 + std::tanh(GELU_SLOPE * (x + GELU_CUBE * x * x * x))); }

float gelu_gradient(float x) {
    const float t = std::tanh(GELU_SLOPE * (x + GELU_CUBE * x * x * x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * GELU_SLOPE * (1 + 3 * GELU_CUBE * x * x);
}

template <class T> void row_of(float* to, const T* from, u64 count, i64 step) {
    for (u64 i = 0; i < count; i++) to[i] = pmk_to_f32(from[static_cast<i64>(i) * step]);
}

// [rows, columns] of a matrix whose element (r, c) lies at r * row + c * column.
std::vector<float> gather(const void* data, int type, u64 rows, u64 columns, i64 row, i64 column) {
    std::vector<float> all(rows * columns);
    for (u64 r = 0; r < rows; r++) {
        float* const to = all.data() + r * columns;
        const i64 start = static_cast<i64>(r) * row;
        switch (type) {
            case F32: row_of(to, static_cast<const float*>(data) + start, columns, column); break;
            case F16: row_of(to, static_cast<const f16*>(data) + start, columns, column); break;
            case BF16: row_of(to, static_cast<const bf16*>(data) + start, columns, column); break;
            case E4M3: row_of(to, static_cast<const e4m3*>(data) + start, columns, column); break;
            default: row_of(to, static_cast<const e5m2*>(data) + start, columns, column); break;
        }
    }
    return all;
}

const void* moved(const void* data, int type, i64 elements) {
    return static_cast<const u8*>(data) + elements * static_cast<i64>(width_of(type));
}

// What happens to one element after the sum, and what is noted of it.
class Epilogue {
public:
    Epilogue(const Product& of, int batch)
        : kind(of.epilogue()), bias_type(of.bias_type()), aux_type(of.aux_type()),
          aux_leading(of.descriptor.get<i64>(AUX_LD, 0)),
          bias(moved(of.descriptor.get<const void*>(BIAS_POINTER, nullptr), bias_type,
                     batch * of.descriptor.get<i64>(BIAS_BATCH_STRIDE, 0))),
          aux(const_cast<void*>(moved(of.descriptor.get<const void*>(AUX_POINTER, nullptr), aux_type,
                                      batch * of.descriptor.get<i64>(AUX_BATCH_STRIDE, 0)))) {}

    float apply(float value, u64 row, u64 column) const {
        const i64 at = static_cast<i64>(row) + static_cast<i64>(column) * aux_leading;
        if (kind & GELU_GRADIENT) return value * gelu_gradient(load(aux, at, aux_type));
        if (kind & ADD_BIAS) value += load(bias, static_cast<i64>(row), bias_type);
        if (kind & AUX && kind & GELU) store(aux, at, aux_type, value);
        if (kind & GELU) return gelu(value);
        return kind & RELU ? std::fmax(value, 0.f) : value;
    }

    const int kind, bias_type, aux_type;
    const i64 aux_leading;
    const void* const bias;
    void* const aux;
};

float scale_at(const Product& product, int attribute) {
    const float* const scale = product.descriptor.get<const float*>(attribute, nullptr);
    return scale ? *scale : 1.f;
}

float one_batch(const Product& p, int batch) {
    const u64 m = p.m(), n = p.n(), k = p.k();
    const void* const a_data = moved(p.a_data, p.a.type, batch * p.a.stride);
    const void* const b_data = moved(p.b_data, p.b.type, batch * p.b.stride);
    const void* const c_data = moved(p.c_data, p.c.type, batch * p.c.stride);
    void* const d_data = const_cast<void*>(moved(p.d_data, p.d.type, batch * p.d.stride));
    // Row-major [n, m] is D's own order: B's columns are rows here.
    const std::vector<float> right = gather(a_data, p.a.type, k, m, p.transposed_a() ? 1 : p.a.leading,
                                            p.transposed_a() ? p.a.leading : 1);
    const std::vector<float> left = gather(b_data, p.b.type, n, k, p.transposed_b() ? 1 : p.b.leading,
                                           p.transposed_b() ? p.b.leading : 1);
    std::vector<float> sums(n * m);
    multiply(sums.data(), left.data(), right.data(), n, m, k);
    const Epilogue epilogue(p, batch);
    const float alpha = p.alpha * scale_at(p, A_SCALE) * scale_at(p, B_SCALE);
    const float beta = p.beta == 0 ? 0.f : p.beta * scale_at(p, C_SCALE);
    const float d_scale = is_fp8(p.d.type) ? scale_at(p, D_SCALE) : 1.f;
    std::vector<float> gradient(m);
    float largest = 0;
    for (u64 column = 0; column < n; column++) {
        for (u64 row = 0; row < m; row++) {
            float value = alpha * sums[column * m + row];
            if (beta != 0) {
                value += beta * load(c_data, static_cast<i64>(row) + static_cast<i64>(column) * p.c.leading, p.c.type);
            }
            value = epilogue.apply(value, row, column);
            gradient[row] += value;
            largest = std::fmax(largest, std::fabs(value));
            store(d_data, static_cast<i64>(row) + static_cast<i64>(column) * p.d.leading, p.d.type, value * d_scale);
        }
    }
    void* const bias = const_cast<void*>(epilogue.bias);
    if (epilogue.kind & BIAS_GRADIENT) {
        for (u64 row = 0; row < m; row++) store(bias, static_cast<i64>(row), epilogue.bias_type, gradient[row]);
    }
    // The gradient of a bias is a sum of A or B over k.
    if (epilogue.kind & (BIAS_GRADIENT_A | BIAS_GRADIENT_B)) {
        const bool of_a = epilogue.kind & BIAS_GRADIENT_A;
        for (u64 i = 0; i < (of_a ? m : n); i++) {
            float sum = 0;
            for (u64 x = 0; x < k; x++) sum += of_a ? right[x * m + i] : left[i * k + x];
            store(bias, static_cast<i64>(i), epilogue.bias_type, sum);
        }
    }
    return largest;
}
}  // namespace

float load(const void* data, i64 index, int type) {
    switch (type) {
        case F32: return static_cast<const float*>(data)[index];
        case F16: return pmk_to_f32(static_cast<const f16*>(data)[index]);
        case BF16: return pmk_to_f32(static_cast<const bf16*>(data)[index]);
        case E4M3: return pmk_to_f32(static_cast<const e4m3*>(data)[index]);
        default: return pmk_to_f32(static_cast<const e5m2*>(data)[index]);
    }
}

void store(void* data, i64 index, int type, float value) {
    switch (type) {
        case F32: static_cast<float*>(data)[index] = value; break;
        case F16: pmk_from_f32(value, static_cast<f16*>(data)[index]); break;
        case BF16: pmk_from_f32(value, static_cast<bf16*>(data)[index]); break;
        case E4M3: pmk_from_f32(value, static_cast<e4m3*>(data)[index]); break;
        default: pmk_from_f32(value, static_cast<e5m2*>(data)[index]); break;
    }
}

// Tiles of 4 x 16 stay in registers; each element is summed in the order of k.
void multiply(float* c, const float* a, const float* b, u64 m, u64 n, u64 k) {
    for (u64 column = 0; column < n; column += TILE_WIDTH) {
        const u64 wide = n - column < TILE_WIDTH ? n - column : TILE_WIDTH;
        std::vector<float> panel(k * TILE_WIDTH);
        for (u64 x = 0; x < k; x++) std::memcpy(&panel[x * TILE_WIDTH], b + x * n + column, wide * sizeof(float));
        for (u64 row = 0; row < m; row += TILE_HEIGHT) {
            const u64 high = m - row < TILE_HEIGHT ? m - row : TILE_HEIGHT;
            Eight sums[TILE_HEIGHT][2] = {};
            const float* rows[TILE_HEIGHT];
            for (u64 r = 0; r < TILE_HEIGHT; r++) rows[r] = a + (row + (r < high ? r : 0)) * k;
            for (u64 x = 0; x < k; x++) {
                const Eight* const right = reinterpret_cast<const Eight*>(&panel[x * TILE_WIDTH]);
                const Eight first = right[0], second = right[1];
                for (u64 r = 0; r < TILE_HEIGHT; r++) {
                    sums[r][0] += rows[r][x] * first;
                    sums[r][1] += rows[r][x] * second;
                }
            }
            for (u64 r = 0; r < high; r++) std::memcpy(c + (row + r) * n + column, sums[r], wide * sizeof(float));
        }
    }
}

void compute(const Product& product) {
    float largest = 0;
    for (int batch = 0; batch < product.d.batch; batch++) largest = std::fmax(largest, one_batch(product, batch));
    float* const amax = product.descriptor.get<float*>(AMAX_D, nullptr);
    if (amax) *amax = largest;
}
}  // namespace pmkemu::cublaslt
