// The emulated half of the kernel dialect: one fiber for each CUDA thread. Included by pmk.cuh when PMK_EMU is defined,
// after its types; without any header of the standard library, so that kernels compile fast.
#pragma once

typedef decltype(sizeof 0) pmk_size;

#define PMK_DEV inline
#define PMK_EXPORT extern "C"
#define PMK_BOUNDS(threads, blocks)
#define PMK_UNROLL
#define PMK_HAS_FP8_MMA 1

namespace pmkemu {
struct Index {
    u32 x, y, z;
};
// What a kernel sees of its thread and block.
struct Thread {
    Index thread, block, block_size, grid_size;
    u32 lane, warp;
};
extern __thread Thread* current __attribute__((tls_model("initial-exec")));

enum class Collective { shuffle_xor, shuffle_index, shuffle_up, shuffle_down, ballot, sync,
                        mma_bf16, mma_f16, mma_e4m3, ldmatrix, ldmatrix_transposed };
// All lanes of a warp meet; `words` are this lane's inputs, `count` of them, and receive its results.
void meet(Collective what, u32* words, int count);
// All threads of a block meet.
void block_sync();
// The block's array of one declaration, of exactly its size and full of NaN.
void* shared_array(const void* declaration, pmk_size bytes);
void* dynamic_shared();
void copy_async(void* to, const void* from, bool take);
void commit_copies();
void wait_copies(int newest);

// A kernel calls itself through `thunk`, from the addresses of its arguments.
struct Kernel {
    const char* name;
    void (*thunk)(void** arguments);
    const u32* sizes;
    u32 count;
    Kernel* next;
};
void add_kernel(Kernel* kernel);

template <class T> struct plain {
    typedef T type;
};
template <class T> struct plain<const T> {
    typedef T type;
};
template <int... I> struct Numbers {};
template <auto F, class... A> struct Invoker {
    static constexpr u32 sizes[] = {sizeof(A)..., 0};
    template <int... I> static void call(void** p, Numbers<I...>) {
        F(*static_cast<typename plain<A>::type*>(p[I])...);
    }
    static void thunk(void** p) { call(p, Numbers<__integer_pack(sizeof...(A))...>{}); }
    Kernel kernel;
    explicit Invoker(const char* name) : kernel{name, &thunk, sizes, sizeof...(A), nullptr} { add_kernel(&kernel); }
};
template <auto F, class... A> Invoker<F, A...> invoker(void (*)(A...));
template <class To, class From> inline To bits_of(From from) {
    static_assert(sizeof(To) == sizeof(From), "of one size");
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}
template <class V> inline V shuffle(Collective what, V v, int argument) {
    constexpr int n = sizeof(V) / 4;
    u32 words[3] = {static_cast<u32>(argument)};
    __builtin_memcpy(words + 1, &v, sizeof v);
    meet(what, words, 1 + n);
    __builtin_memcpy(&v, words, sizeof v);
    return v;
}
template <class V> inline V exchange_while(V* p, V v, bool (*wanted)(V now, V v)) {
    V now = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (wanted(now, v) && !__atomic_compare_exchange_n(p, &now, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return now;
}
template <class V, class Word> inline V add_float(V* p, V v) {
    Word* q = reinterpret_cast<Word*>(p);
    Word now = __atomic_load_n(q, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(q, &now, bits_of<Word>(bits_of<V>(now) + v), true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
    return bits_of<V>(now);
}
}  // namespace pmkemu

#define PMK_REGISTER(name) static decltype(pmkemu::invoker<&name>(&name)) pmk_registered_##name(#name);
#define PMK_SHARED(type, name, count)       \
    static const char pmk_array_##name = 0; \
    type* const name = static_cast<type*>(pmkemu::shared_array(&pmk_array_##name, sizeof(type) * (count)))
#define PMK_DYN_SHARED(type, name) type* const name = static_cast<type*>(pmkemu::dynamic_shared())
#define PMK_TID_X (pmkemu::current->thread.x)
#define PMK_BID_X (pmkemu::current->block.x)
#define PMK_BID_Y (pmkemu::current->block.y)
#define PMK_BID_Z (pmkemu::current->block.z)
#define PMK_BDIM_X (pmkemu::current->block_size.x)
#define PMK_GDIM_X (pmkemu::current->grid_size.x)
#define PMK_GDIM_Y (pmkemu::current->grid_size.y)
#define PMK_GDIM_Z (pmkemu::current->grid_size.z)

inline void pmk_sync() { pmkemu::block_sync(); }
inline void pmk_warp_sync() { pmkemu::meet(pmkemu::Collective::sync, nullptr, 0); }
inline void pmk_fence() {}
template <class V> inline V pmk_shfl_xor(V v, int m) { return pmkemu::shuffle(pmkemu::Collective::shuffle_xor, v, m); }
template <class V> inline V pmk_shfl_idx(V v, int l) { return pmkemu::shuffle(pmkemu::Collective::shuffle_index, v, l); }
template <class V> inline V pmk_shfl_up(V v, int n) { return pmkemu::shuffle(pmkemu::Collective::shuffle_up, v, n); }
template <class V> inline V pmk_shfl_down(V v, int n) { return pmkemu::shuffle(pmkemu::Collective::shuffle_down, v, n); }
inline u32 pmk_ballot(bool p) {
    u32 word = p;
    pmkemu::meet(pmkemu::Collective::ballot, &word, 1);
    return word;
}
inline int pmk_popcount(u32 x) { return __builtin_popcount(x); }
inline int pmk_lowest_bit(u32 x) { return __builtin_ffs(static_cast<int>(x)) - 1; }

inline u32 pmk_bits(float x) { return pmkemu::bits_of<u32>(x); }
inline float pmk_float(u32 x) { return pmkemu::bits_of<float>(x); }
inline u32 pmk_mulhi(u32 a, u32 b) { return static_cast<u32>((static_cast<u64>(a) * b) >> 32); }

template <class V> inline V pmk_atomic_add(V* p, V v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
inline float pmk_atomic_add(float* p, float v) { return pmkemu::add_float<float, u32>(p, v); }
inline double pmk_atomic_add(double* p, double v) { return pmkemu::add_float<double, u64>(p, v); }
template <class V> inline V pmk_atomic_max(V* p, V v) {
    return pmkemu::exchange_while<V>(p, v, [](V now, V w) { return w > now; });
}
template <class V> inline V pmk_atomic_min(V* p, V v) {
    return pmkemu::exchange_while<V>(p, v, [](V now, V w) { return w < now; });
}
inline float pmk_atomic_max(float* p, float v) {
    const i32 bits = static_cast<i32>(pmk_bits(v));
    return bits >= 0 ? pmk_float(static_cast<u32>(pmk_atomic_max(reinterpret_cast<i32*>(p), bits)))
                     : pmk_float(pmk_atomic_min(reinterpret_cast<u32*>(p), static_cast<u32>(bits)));
}
inline u32 pmk_atomic_or(u32* p, u32 v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); }
inline u32 pmk_atomic_cas(u32* p, u32 expected, u32 v) {
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}

inline float pmk_exp2(float x) { return __builtin_exp2f(x); }
inline float pmk_log2(float x) { return __builtin_log2f(x); }
inline float pmk_rsqrt(float x) { return 1.0f / __builtin_sqrtf(x); }
inline float pmk_exp(float x) { return __builtin_expf(x); }
inline double pmk_exp(double x) { return __builtin_exp(x); }
inline float pmk_log(float x) { return __builtin_logf(x); }
inline double pmk_log(double x) { return __builtin_log(x); }
inline float pmk_tanh(float x) { return __builtin_tanhf(x); }
inline float pmk_erf(float x) { return __builtin_erff(x); }
inline float pmk_sin(float x) { return __builtin_sinf(x); }
inline float pmk_cos(float x) { return __builtin_cosf(x); }
inline float pmk_sqrt(float x) { return __builtin_sqrtf(x); }
inline double pmk_sqrt(double x) { return __builtin_sqrt(x); }
inline float pmk_div(float a, float b) { return a / b; }
inline float pmk_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float pmk_round(float x) { return __builtin_rintf(x); }
inline float pmk_floor(float x) { return __builtin_floorf(x); }
inline float pmk_abs(float x) { return __builtin_fabsf(x); }
inline float pmk_max(float a, float b) { return b > a || a != a ? b : a; }
inline float pmk_min(float a, float b) { return b < a || a != a ? b : a; }

inline float pmk_to_f32(float x) { return x; }
inline float pmk_to_f32(bf16 x) { return pmk_float(static_cast<u32>(x.u) << 16); }
inline float pmk_to_f32(f16 x) {
    const u32 sign = static_cast<u32>(x.u & 0x8000) << 16, exponent = (x.u >> 10) & 31, mantissa = x.u & 1023;
    if (exponent == 31) return pmk_float(sign | 0x7f800000u | mantissa << 13);
    if (exponent) return pmk_float(sign | (exponent + 112) << 23 | mantissa << 13);
    const float size = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -size : size;
}
inline void pmk_from_f32(float x, float& out) { out = x; }
inline void pmk_from_f32(float x, bf16& out) {
    const u32 b = pmk_bits(x);
    out.u = (b & 0x7fffffffu) > 0x7f800000u ? 0x7fff : static_cast<u16>((b + 0x7fffu + ((b >> 16) & 1)) >> 16);
}
inline void pmk_from_f32(float x, f16& out) {
    const u32 b = pmk_bits(x), sign = (b >> 16) & 0x8000, a = b & 0x7fffffffu;
    if (a > 0x7f800000u) {
        out.u = 0x7fff;
    } else if (a >= 0x477ff000u) {
        out.u = static_cast<u16>(sign | 0x7c00);
    } else if (a < 0x38800000u) {
        // Subnormal: adding 1/2 rounds to its last bit, 2^-24.
        out.u = static_cast<u16>(sign | (pmk_bits(pmk_float(a) + 0.5f) - 0x3f000000u));
    } else {
        out.u = static_cast<u16>(sign | ((a + 0xfffu + ((a >> 13) & 1) - 0x38000000u) >> 13));
    }
}
template <class T> inline u32 pmk_pack2(float lo, float hi, const T*) {
    static_assert(sizeof(T) == 2, "16-bit types");
    T low, high;
    pmk_from_f32(lo, low);
    pmk_from_f32(hi, high);
    return low.u | static_cast<u32>(high.u) << 16;
}

namespace pmkemu {
inline void mma(Collective what, float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    u32 words[10];
    __builtin_memcpy(words, d, 16);
    __builtin_memcpy(words + 4, a, 16);
    __builtin_memcpy(words + 8, b, 8);
    meet(what, words, 10);
    __builtin_memcpy(d, words, 16);
}
inline void load_matrices(Collective what, u32 (&r)[4], const void* p) {
    __builtin_memcpy(r, &p, sizeof p);
    meet(what, r, 2);
}
}  // namespace pmkemu
inline void pmk_mma_16816(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2], const bf16*) {
    pmkemu::mma(pmkemu::Collective::mma_bf16, d, a, b);
}
inline void pmk_mma_16816(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2], const f16*) {
    pmkemu::mma(pmkemu::Collective::mma_f16, d, a, b);
}
inline void pmk_mma_16832_e4m3(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    pmkemu::mma(pmkemu::Collective::mma_e4m3, d, a, b);
}
inline void pmk_ldmatrix_x4(u32 (&r)[4], const void* p) {
    pmkemu::load_matrices(pmkemu::Collective::ldmatrix, r, p);
}
inline void pmk_ldmatrix_x4_trans(u32 (&r)[4], const void* p) {
    pmkemu::load_matrices(pmkemu::Collective::ldmatrix_transposed, r, p);
}
inline void pmk_cp_async16(void* to, const void* from, bool take) { pmkemu::copy_async(to, from, take); }
inline void pmk_cp_commit() { pmkemu::commit_copies(); }
template <int N> inline void pmk_cp_wait() { pmkemu::wait_copies(N); }
