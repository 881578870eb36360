// What descriptors, layouts and preferences of the cuBLASLt stand-in hold, and the product that they describe.
#pragma once
#include <cstring>
#include <map>
#include <vector>
#include "pmk.cuh"

namespace pmkemu::cublaslt {
enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Type { F32 = 0, F16 = 2, BF16 = 14, E4M3 = 28, E5M2 = 29 };
enum DescriptorAttribute {
    COMPUTE_TYPE = 0, SCALE_TYPE = 1, POINTER_MODE = 2, TRANS_A = 3, TRANS_B = 4, TRANS_C = 5, EPILOGUE = 7,
    BIAS_POINTER = 8, BIAS_BATCH_STRIDE = 10, AUX_POINTER = 11, AUX_LD = 12, AUX_BATCH_STRIDE = 13,
    A_SCALE = 17, B_SCALE = 18, C_SCALE = 19, D_SCALE = 20, AMAX_D = 21, AUX_TYPE = 22, FAST_ACCUM = 25,
    BIAS_TYPE = 26, A_SCALE_MODE = 31, D_SCALE_MODE = 34
};
enum LayoutAttribute { LAYOUT_TYPE = 0, ORDER = 1, ROWS = 2, COLUMNS = 3, LEADING = 4, BATCH = 5, BATCH_STRIDE = 6 };
enum PreferenceAttribute { WORKSPACE_BYTES = 1, ALIGNMENT_A = 5, ALIGNMENT_D = 8 };
// Bits of an epilogue.
enum { RELU = 2, ADD_BIAS = 4, DRELU_OR_BGRAD = 8, BIAS_GRADIENT = 16, GELU = 32, GELU_GRADIENT = 64, AUX = 128,
       BIAS_GRADIENT_A = 256, BIAS_GRADIENT_B = 512 };
constexpr int COMPUTE_F32 = 68, COMPUTE_F32_PEDANTIC = 69, COMPUTE_TF32 = 77;

// Attributes by number, as bytes.
class Attributes {
public:
    template <class V> V get(int attribute, V otherwise) const {
        const auto found = values.find(attribute);
        if (found == values.end() || found->second.size() < sizeof(V)) return otherwise;
        V value;
        std::memcpy(&value, found->second.data(), sizeof value);
        return value;
    }
    void set(int attribute, const void* value, size_t bytes) {
        const u8* const from = static_cast<const u8*>(value);
        values[attribute].assign(from, from + bytes);
    }
    template <class V> void set(int attribute, V value) { set(attribute, &value, sizeof value); }

private:
    std::map<int, std::vector<u8>> values;
};

// A column-major matrix, or `batch` of them `stride` elements apart.
struct Layout {
    int type;
    u64 rows, columns;
    i64 leading;
    int batch;
    i64 stride;
};

// D = epilogue(alpha op(A) op(B) + beta C).
struct Product {
    Attributes descriptor;
    Layout a, b, c, d;
    float alpha, beta;
    const void *a_data, *b_data, *c_data;
    void* d_data;

    bool transposed_a() const { return descriptor.get(TRANS_A, 0); }
    bool transposed_b() const { return descriptor.get(TRANS_B, 0); }
    int epilogue() const { return descriptor.get(EPILOGUE, 1); }
    u64 m() const { return d.rows; }
    u64 n() const { return d.columns; }
    u64 k() const { return transposed_a() ? a.rows : a.columns; }
    int bias_type() const;
    int aux_type() const;
};

inline bool is_fp8(int type) { return type == E4M3 || type == E5M2; }
inline size_t width_of(int type) { return type == F32 ? 4 : is_fp8(type) ? 1 : 2; }
inline bool is_known(int type) { return type == F32 || type == F16 || type == BF16 || is_fp8(type); }

Layout layout_of(const Attributes& attributes);
// SUCCESS, or why cuBLASLt refuses the product on compute capability 8.9.
int validate(const Product& product);
void compute(const Product& product);

float load(const void* data, i64 index, int type);
void store(void* data, i64 index, int type, float value);
// C[m, n] = sum over k of a[m, k] b[k, n], all row-major and without gaps.
void multiply(float* c, const float* a, const float* b, u64 m, u64 n, u64 k);
}  // namespace pmkemu::cublaslt
