// Stand-in for libcublasLt: descriptors, heuristics and the call that queues a product.
#include <memory>
#include "../surface.h"
#include "attributes.h"

using namespace pmkemu::cublaslt;

namespace {
struct Algorithm {
    u64 data[8];
};
struct Heuristic {
    Algorithm algorithm;
    size_t workspace_bytes;
    int state;
    float waves;
    int reserved[4];
};
constexpr u64 OUR_ALGORITHM = 0x504d4b;
constexpr i64 STANDARD_ALIGNMENT = 16;

const char* name_of(int status) {
    switch (status) {
        case 0: return "CUBLAS_STATUS_SUCCESS";
        case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
        case 7: return "CUBLAS_STATUS_INVALID_VALUE";
        case 8: return "CUBLAS_STATUS_ARCH_MISMATCH";
        case 11: return "CUBLAS_STATUS_MAPPING_ERROR";
        case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
        case 16: return "CUBLAS_STATUS_LICENSE_ERROR";
        default: return "unknown status";
    }
}

Product product_of(const Attributes* descriptor, const Attributes* a, const Attributes* b, const Attributes* c,
                   const Attributes* d) {
    return {*descriptor, layout_of(*a), layout_of(*b), layout_of(*c), layout_of(*d), 1, 0, nullptr, nullptr,
            nullptr,     nullptr};
}

// The elements from a matrix's first to its last, over all batches.
size_t extent(const Layout& layout) {
    const i64 last = static_cast<i64>(layout.rows) + static_cast<i64>(layout.columns - 1) * layout.leading +
                     (layout.batch - 1) * layout.stride;
    return static_cast<size_t>(last) * width_of(layout.type);
}

bool on_device(const void* data, const Layout& layout) {
    return pmkEmuIsDevice(reinterpret_cast<u64>(data), extent(layout));
}

bool scales_on_device(const Product& product) {
    for (int attribute = A_SCALE; attribute <= AMAX_D; attribute++) {
        const void* const scale = product.descriptor.get<const void*>(attribute, nullptr);
        if (scale && !pmkEmuIsDevice(reinterpret_cast<u64>(scale), sizeof(float))) return false;
    }
    return true;
}

int create(Attributes** out) {
    *out = new Attributes;
    return SUCCESS;
}

int set(Attributes* attributes, int which, const void* value, size_t bytes) {
    if (!attributes || !value || !bytes) return INVALID_VALUE;
    attributes->set(which, value, bytes);
    return SUCCESS;
}
}  // namespace

#define PMK_CUBLASLT_ENTER \
    if (const int refused_ = pmkEmuEnter("cublaslt", __func__)) return refused_

extern "C" {
size_t cublasLtGetVersion() { return 130101; }
const char* cublasLtGetStatusName(int status) { return name_of(status); }
const char* cublasLtGetStatusString(int status) { return name_of(status); }

int cublasLtCreate(Attributes** handle) {
    PMK_CUBLASLT_ENTER;
    return pmkEmuDevice() < 0 ? static_cast<int>(NOT_INITIALIZED) : create(handle);
}

int cublasLtDestroy(Attributes* handle) {
    PMK_CUBLASLT_ENTER;
    delete handle;
    return SUCCESS;
}

int cublasLtMatmulDescCreate(Attributes** out, int compute, int scale) {
    PMK_CUBLASLT_ENTER;
    create(out);
    (*out)->set(COMPUTE_TYPE, compute);
    (*out)->set(SCALE_TYPE, scale);
    return SUCCESS;
}

int cublasLtMatmulDescDestroy(Attributes* descriptor) {
    PMK_CUBLASLT_ENTER;
    delete descriptor;
    return SUCCESS;
}

int cublasLtMatmulDescSetAttribute(Attributes* descriptor, int which, const void* value, size_t bytes) {
    PMK_CUBLASLT_ENTER;
    return set(descriptor, which, value, bytes);
}

int cublasLtMatrixLayoutCreate(Attributes** out, int type, u64 rows, u64 columns, i64 leading) {
    PMK_CUBLASLT_ENTER;
    create(out);
    (*out)->set(LAYOUT_TYPE, type);
    (*out)->set(ROWS, rows);
    (*out)->set(COLUMNS, columns);
    (*out)->set(LEADING, leading);
    return SUCCESS;
}

int cublasLtMatrixLayoutDestroy(Attributes* layout) {
    PMK_CUBLASLT_ENTER;
    delete layout;
    return SUCCESS;
}

int cublasLtMatrixLayoutSetAttribute(Attributes* layout, int which, const void* value, size_t bytes) {
    PMK_CUBLASLT_ENTER;
    return which == ORDER ? static_cast<int>(NOT_SUPPORTED) : set(layout, which, value, bytes);
}

int cublasLtMatmulPreferenceCreate(Attributes** out) {
    PMK_CUBLASLT_ENTER;
    return create(out);
}

int cublasLtMatmulPreferenceDestroy(Attributes* preference) {
    PMK_CUBLASLT_ENTER;
    delete preference;
    return SUCCESS;
}

int cublasLtMatmulPreferenceSetAttribute(Attributes* preference, int which, const void* value, size_t bytes) {
    PMK_CUBLASLT_ENTER;
    return set(preference, which, value, bytes);
}

int cublasLtMatmulAlgoGetHeuristic(Attributes*, Attributes* descriptor, Attributes* a, Attributes* b, Attributes* c,
                                   Attributes* d, Attributes* preference, int wanted, Heuristic* results, int* got) {
    PMK_CUBLASLT_ENTER;
    *got = 0;
    if (wanted < 1) return INVALID_VALUE;
    const Product product = product_of(descriptor, a, b, c, d);
    if (const int refused = validate(product)) return refused;
    if (is_fp8(product.a.type)) {
        for (int which = ALIGNMENT_A; preference && which <= ALIGNMENT_D; which++) {
            if (preference->get<u32>(which, 256) < STANDARD_ALIGNMENT) return NOT_SUPPORTED;
        }
    }
    results[0] = Heuristic{};
    results[0].algorithm.data[0] = OUR_ALGORITHM;
    results[0].waves = 1;
    *got = 1;
    return SUCCESS;
}

int cublasLtMatmulAlgoInit(Attributes*, int, int, int, int, int, int, int, Algorithm* algorithm) {
    PMK_CUBLASLT_ENTER;
    *algorithm = {{OUR_ALGORITHM}};
    return SUCCESS;
}

int cublasLtMatmulAlgoCheck(Attributes*, Attributes* descriptor, Attributes* a, Attributes* b, Attributes* c,
                            Attributes* d, const Algorithm* algorithm, Heuristic* result) {
    PMK_CUBLASLT_ENTER;
    if (algorithm->data[0] != OUR_ALGORITHM) return INVALID_VALUE;
    *result = Heuristic{*algorithm, 0, 0, 1, {}};
    return validate(product_of(descriptor, a, b, c, d));
}

int cublasLtMatmulAlgoConfigGetAttribute(const Algorithm*, int, void* value, size_t bytes, size_t* written) {
    PMK_CUBLASLT_ENTER;
    std::memset(value, 0, bytes);
    *written = bytes;
    return SUCCESS;
}

int cublasLtMatmulAlgoConfigSetAttribute(Algorithm*, int, const void*, size_t) {
    PMK_CUBLASLT_ENTER;
    return SUCCESS;
}

int cublasLtMatmul(Attributes* handle, Attributes* descriptor, const float* alpha, const void* a, Attributes* a_layout,
                   const void* b, Attributes* b_layout, const float* beta, const void* c, Attributes* c_layout,
                   void* d, Attributes* d_layout, const Algorithm* algorithm, void* workspace, size_t workspace_bytes,
                   void* stream) {
    PMK_CUBLASLT_ENTER;
    if (!handle || !alpha || !beta) return INVALID_VALUE;
    auto product = std::make_unique<Product>(product_of(descriptor, a_layout, b_layout, c_layout, d_layout));
    product->alpha = *alpha;
    product->beta = *beta;
    product->a_data = a;
    product->b_data = b;
    product->c_data = c;
    product->d_data = d;
    if (const int refused = validate(*product)) return refused;
    if (algorithm && algorithm->data[0] != OUR_ALGORITHM) return INVALID_VALUE;
    const u64 alignment = is_fp8(product->a.type) ? 16 : width_of(product->a.type);
    if ((reinterpret_cast<u64>(a) | reinterpret_cast<u64>(b)) % alignment) return INVALID_VALUE;
    if (!on_device(a, product->a) || !on_device(b, product->b) || !on_device(d, product->d)) return INVALID_VALUE;
    if (*beta != 0 && !on_device(c, product->c)) return INVALID_VALUE;
    if (workspace_bytes && !pmkEmuIsDevice(reinterpret_cast<u64>(workspace), workspace_bytes)) return INVALID_VALUE;
    if (!scales_on_device(*product)) return INVALID_VALUE;
    const auto work = [](void* data) { compute(*static_cast<Product*>(data)); };
    const auto drop = [](void* data) { delete static_cast<Product*>(data); };
    return pmkEmuEnqueue(stream, "cublasLtMatmul", false, work, product.release(), drop) ? EXECUTION_FAILED : SUCCESS;
}
}
