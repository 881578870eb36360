// What cuBLASLt accepts on compute capability 8.9.
#include "attributes.h"

namespace pmkemu::cublaslt {
namespace {
constexpr int SIXTEEN = 16;

int fp8_rules(const Product& p) {
    if (!is_fp8(p.a.type) || !is_fp8(p.b.type) || (p.a.type == E5M2 && p.b.type == E5M2)) return NOT_SUPPORTED;
    if (!p.transposed_a() || p.transposed_b()) return NOT_SUPPORTED;
    if (p.m() % SIXTEEN || p.k() % SIXTEEN || p.n() % 8) return NOT_SUPPORTED;
    if (p.a.leading % SIXTEEN || p.b.leading % SIXTEEN) return NOT_SUPPORTED;
    if (p.d.leading * static_cast<i64>(width_of(p.d.type)) % SIXTEEN) return NOT_SUPPORTED;
    if (p.c.leading * static_cast<i64>(width_of(p.c.type)) % SIXTEEN) return NOT_SUPPORTED;
    for (int mode = A_SCALE_MODE; mode <= D_SCALE_MODE; mode++) {
        if (p.descriptor.get(mode, 0) != 0) return NOT_SUPPORTED;
    }
    if (p.d.type == E5M2 && p.a.type == E4M3 && p.b.type == E4M3) return NOT_SUPPORTED;
    const bool c_fits = is_fp8(p.d.type) ? p.c.type == BF16 || p.c.type == F16 : p.c.type == p.d.type;
    if (!c_fits) return NOT_SUPPORTED;
    const int epilogue = p.epilogue();
    if (is_fp8(p.d.type) && epilogue & (GELU_GRADIENT | BIAS_GRADIENT | BIAS_GRADIENT_A | BIAS_GRADIENT_B)) {
        return NOT_SUPPORTED;
    }
    if (epilogue & ADD_BIAS) {
        const int wanted = p.d.type == F16 || p.c.type == F16 ? F16 : BF16;
        if (p.bias_type() != wanted) return NOT_SUPPORTED;
    }
    return SUCCESS;
}

int wide_rules(const Product& p) {
    if (p.a.type != p.b.type || is_fp8(p.d.type) || p.c.type != p.d.type) return NOT_SUPPORTED;
    if (p.a.type == F32 && p.d.type != F32) return NOT_SUPPORTED;
    if (p.a.type != F32 && p.d.type != F32 && p.d.type != p.a.type) return NOT_SUPPORTED;
    for (int scale = A_SCALE; scale <= AMAX_D; scale++) {
        if (p.descriptor.get<const void*>(scale, nullptr)) return NOT_SUPPORTED;
    }
    return SUCCESS;
}

int epilogue_rules(const Product& p) {
    switch (p.epilogue()) {
        case 1: case 2: case 4: case 6: case 32: case 36: case 160: case 164: case 192: case 208: case 256: case 512:
            break;
        default: return NOT_SUPPORTED;
    }
    if (p.epilogue() & AUX) {
        const i64 leading = p.descriptor.get<i64>(AUX_LD, 0);
        if (leading % 8 || leading < static_cast<i64>(p.m())) return INVALID_VALUE;
        if (!p.descriptor.get<const void*>(AUX_POINTER, nullptr)) return INVALID_VALUE;
    }
    const bool bias = p.epilogue() & (ADD_BIAS | BIAS_GRADIENT | BIAS_GRADIENT_A | BIAS_GRADIENT_B);
    return bias && !p.descriptor.get<const void*>(BIAS_POINTER, nullptr) ? INVALID_VALUE : SUCCESS;
}
}  // namespace

Layout layout_of(const Attributes& attributes) {
    return {attributes.get(LAYOUT_TYPE, 0), attributes.get<u64>(ROWS, 0),       attributes.get<u64>(COLUMNS, 0),
            attributes.get<i64>(LEADING, 0), attributes.get(BATCH, 1), attributes.get<i64>(BATCH_STRIDE, 0)};
}

int Product::bias_type() const {
    const bool eight = is_fp8(a.type);
    const int usual = !eight ? d.type : d.type == F16 || (is_fp8(d.type) && c.type == F16) ? F16 : BF16;
    const int given = descriptor.get(BIAS_TYPE, -1);
    return given < 0 ? usual : given;
}

int Product::aux_type() const {
    const int given = descriptor.get(AUX_TYPE, -1);
    return given < 0 ? d.type : given;
}

int validate(const Product& p) {
    for (const Layout& layout : {p.a, p.b, p.c, p.d}) {
        if (!layout.rows || !layout.columns || layout.leading < static_cast<i64>(layout.rows)) return INVALID_VALUE;
        if (!is_known(layout.type)) return NOT_SUPPORTED;
        if (layout.batch != p.d.batch) return INVALID_VALUE;
    }
    const u64 m = p.transposed_a() ? p.a.columns : p.a.rows, n = p.transposed_b() ? p.b.rows : p.b.columns;
    const u64 inner = p.transposed_b() ? p.b.columns : p.b.rows;
    if (inner != p.k() || p.m() != m || p.n() != n || p.c.rows != m || p.c.columns != n) return INVALID_VALUE;
    const int type = p.descriptor.get(COMPUTE_TYPE, 0);
    if (type != COMPUTE_F32 && type != COMPUTE_F32_PEDANTIC && type != COMPUTE_TF32) return NOT_SUPPORTED;
    if (type == COMPUTE_TF32 && (p.a.type != F32 || p.b.type != F32)) return NOT_SUPPORTED;
    if (p.descriptor.get(SCALE_TYPE, 0) != F32) return NOT_SUPPORTED;
    if (p.descriptor.get(POINTER_MODE, 0) || p.descriptor.get(TRANS_C, 0)) return NOT_SUPPORTED;
    const int of_types = is_fp8(p.a.type) || is_fp8(p.b.type) ? fp8_rules(p) : wide_rules(p);
    return of_types ? of_types : epilogue_rules(p);
}
}  // namespace pmkemu::cublaslt
