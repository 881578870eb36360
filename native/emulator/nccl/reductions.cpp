// Reductions of two arrays; 16-bit and 8-bit floats are rounded after each.
#include <algorithm>
#include "segment.h"

namespace pmkemu::nccl {
namespace {
template <class V> V combined(V a, V b, int reduction) {
    switch (reduction) {
        case PROD: return static_cast<V>(a * b);
        case MAX: return std::max(a, b);
        case MIN: return std::min(a, b);
        default: return static_cast<V>(a + b);
    }
}

template <class V> void plain(void* to, const void* from, size_t count, int reduction) {
    V* const a = static_cast<V*>(to);
    const V* const b = static_cast<const V*>(from);
    for (size_t i = 0; i < count; i++) a[i] = combined(a[i], b[i], reduction);
}

template <class V> void rounded(void* to, const void* from, size_t count, int reduction) {
    V* const a = static_cast<V*>(to);
    const V* const b = static_cast<const V*>(from);
    for (size_t i = 0; i < count; i++) pmk_from_f32(combined(pmk_to_f32(a[i]), pmk_to_f32(b[i]), reduction), a[i]);
}

template <class V> void plain_division(void* data, size_t count, int by) {
    V* const a = static_cast<V*>(data);
    for (size_t i = 0; i < count; i++) a[i] = static_cast<V>(a[i] / static_cast<V>(by));
}

template <class V> void rounded_division(void* data, size_t count, int by) {
    V* const a = static_cast<V*>(data);
    for (size_t i = 0; i < count; i++) pmk_from_f32(pmk_to_f32(a[i]) / static_cast<float>(by), a[i]);
}
}  // namespace

size_t width_of(int type) {
    static const size_t widths[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};
    return type >= 0 && type < 12 ? widths[type] : 0;
}

bool can_reduce(int type) { return width_of(type) > 0; }

void reduce(void* to, const void* from, size_t count, int type, int reduction) {
    switch (type) {
        case 0: plain<signed char>(to, from, count, reduction); break;
        case 1: plain<u8>(to, from, count, reduction); break;
        case 2: plain<i32>(to, from, count, reduction); break;
        case 3: plain<u32>(to, from, count, reduction); break;
        case 4: plain<i64>(to, from, count, reduction); break;
        case 5: plain<u64>(to, from, count, reduction); break;
        case 6: rounded<f16>(to, from, count, reduction); break;
        case 7: plain<float>(to, from, count, reduction); break;
        case 8: plain<double>(to, from, count, reduction); break;
        case 9: rounded<bf16>(to, from, count, reduction); break;
        case 10: rounded<e4m3>(to, from, count, reduction); break;
        default: rounded<e5m2>(to, from, count, reduction); break;
    }
}

void divide(void* data, size_t count, int type, int by) {
    switch (type) {
        case 0: plain_division<signed char>(data, count, by); break;
        case 1: plain_division<u8>(data, count, by); break;
        case 2: plain_division<i32>(data, count, by); break;
        case 3: plain_division<u32>(data, count, by); break;
        case 4: plain_division<i64>(data, count, by); break;
        case 5: plain_division<u64>(data, count, by); break;
        case 6: rounded_division<f16>(data, count, by); break;
        case 7: plain_division<float>(data, count, by); break;
        case 8: plain_division<double>(data, count, by); break;
        case 9: rounded_division<bf16>(data, count, by); break;
        case 10: rounded_division<e4m3>(data, count, by); break;
        default: rounded_division<e5m2>(data, count, by); break;
    }
}
}  // namespace pmkemu::nccl
