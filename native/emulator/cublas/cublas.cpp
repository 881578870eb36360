// Stand-in for libcublas: products that are strided batches or groups of several sizes, computed by the cuBLASLt one.
#include <memory>
#include "../cublaslt/attributes.h"
#include "../surface.h"

using namespace pmkemu::cublaslt;

namespace {
struct Handle {
    void* stream = nullptr;
};

struct Operand {
    int type;
    i64 leading, stride;
};

Layout matrix(int transposed, u64 rows, u64 columns, const Operand& operand, int batch) {
    return {operand.type, transposed ? columns : rows, transposed ? rows : columns, operand.leading, batch,
            operand.stride};
}

int queue(const Handle* handle, Product& product) {
    if (const int refused = validate(product)) return refused;
    const auto work = [](void* data) { compute(*static_cast<Product*>(data)); };
    const auto drop = [](void* data) { delete static_cast<Product*>(data); };
    return pmkEmuEnqueue(handle->stream, "cublasGemm", false, work, new Product(product), drop) ? EXECUTION_FAILED
                                                                                               : SUCCESS;
}

Product describe(int compute_type, int transposed_a, int transposed_b) {
    Product product{};
    product.descriptor.set(COMPUTE_TYPE, compute_type);
    product.descriptor.set(SCALE_TYPE, static_cast<int>(F32));
    product.descriptor.set(TRANS_A, transposed_a);
    product.descriptor.set(TRANS_B, transposed_b);
    return product;
}
}  // namespace

#define PMK_CUBLAS_ENTER \
    if (const int refused_ = pmkEmuEnter("cublas", __func__)) return refused_

extern "C" {
const char* cublasLtGetStatusName(int status);

const char* cublasGetStatusName(int status) { return cublasLtGetStatusName(status); }
const char* cublasGetStatusString(int status) { return cublasLtGetStatusName(status); }

int cublasGetProperty(int which, int* value) {
    PMK_CUBLAS_ENTER;
    const int version[] = {13, 1, 1};
    if (which < 0 || which > 2) return INVALID_VALUE;
    *value = version[which];
    return SUCCESS;
}

int cublasCreate_v2(Handle** handle) {
    PMK_CUBLAS_ENTER;
    if (pmkEmuDevice() < 0) return NOT_INITIALIZED;
    *handle = new Handle;
    return SUCCESS;
}

int cublasDestroy_v2(Handle* handle) {
    PMK_CUBLAS_ENTER;
    delete handle;
    return SUCCESS;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
    PMK_CUBLAS_ENTER;
    handle->stream = stream;
    return SUCCESS;
}

int cublasSetWorkspace_v2(Handle*, void* workspace, size_t bytes) {
    PMK_CUBLAS_ENTER;
    return !bytes || pmkEmuIsDevice(reinterpret_cast<u64>(workspace), bytes) ? SUCCESS : INVALID_VALUE;
}

int cublasGemmStridedBatchedEx_64(Handle* handle, int transposed_a, int transposed_b, i64 m, i64 n, i64 k,
                                  const float* alpha, const void* a, int a_type, i64 a_leading, i64 a_stride,
                                  const void* b, int b_type, i64 b_leading, i64 b_stride, const float* beta, void* c,
                                  int c_type, i64 c_leading, i64 c_stride, i64 batch, int compute_type, int) {
    PMK_CUBLAS_ENTER;
    Product product = describe(compute_type, transposed_a, transposed_b);
    const int count = static_cast<int>(batch);
    product.a = matrix(transposed_a, m, k, {a_type, a_leading, a_stride}, count);
    product.b = matrix(transposed_b, k, n, {b_type, b_leading, b_stride}, count);
    product.c = product.d = matrix(0, m, n, {c_type, c_leading, c_stride}, count);
    product.alpha = *alpha;
    product.beta = *beta;
    product.a_data = a;
    product.b_data = b;
    product.c_data = product.d_data = c;
    return queue(handle, product);
}

// Group g holds sizes[g] products of one shape; the arrays of addresses lie on the device and go through all groups.
int cublasGemmGroupedBatchedEx(Handle* handle, const int* transposed_a, const int* transposed_b, const int* m,
                               const int* n, const int* k, const float* alpha, const void* const* a, int a_type,
                               const int* a_leading, const void* const* b, int b_type, const int* b_leading,
                               const float* beta, void* const* c, int c_type, const int* c_leading, int groups,
                               const int* sizes, int compute_type) {
    PMK_CUBLAS_ENTER;
    struct Grouped {
        std::vector<Product> products;
        const void *const *a, *const *b;
        void* const* c;
    };
    auto grouped = std::make_unique<Grouped>();
    for (int g = 0; g < groups; g++) {
        Product product = describe(compute_type, transposed_a[g], transposed_b[g]);
        product.a = matrix(transposed_a[g], m[g], k[g], {a_type, a_leading[g], 0}, 1);
        product.b = matrix(transposed_b[g], k[g], n[g], {b_type, b_leading[g], 0}, 1);
        product.c = product.d = matrix(0, m[g], n[g], {c_type, c_leading[g], 0}, 1);
        product.alpha = alpha[g];
        product.beta = beta[g];
        if (const int refused = validate(product)) return refused;
        grouped->products.insert(grouped->products.end(), sizes[g], product);
    }
    const size_t bytes = grouped->products.size() * sizeof(void*);
    for (const void* array : {static_cast<const void*>(a), static_cast<const void*>(b), static_cast<const void*>(c)}) {
        if (!pmkEmuIsDevice(reinterpret_cast<u64>(array), bytes)) return INVALID_VALUE;
    }
    grouped->a = a;
    grouped->b = b;
    grouped->c = c;
    const auto work = [](void* data) {
        Grouped& all = *static_cast<Grouped*>(data);
        for (size_t i = 0; i < all.products.size(); i++) {
            Product& product = all.products[i];
            product.a_data = all.a[i];
            product.b_data = all.b[i];
            product.c_data = product.d_data = all.c[i];
            compute(product);
        }
    };
    const auto drop = [](void* data) { delete static_cast<Grouped*>(data); };
    return pmkEmuEnqueue(handle->stream, "cublasGemmGrouped", false, work, grouped.release(), drop) ? EXECUTION_FAILED
                                                                                                   : SUCCESS;
}
}
