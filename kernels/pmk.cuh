// The portable kernel dialect: the same sources are compiled for the GPU by NVRTC or nvcc, and with -DPMK_EMU by a C++
// compiler for the emulator. No CUDA header is included: only built-in functions of the compiler, and inline PTX here.
//
// A kernel is `PMK_EXPORT void name(parameters) { ... }` followed by `PMK_REGISTER(name)`; a family is compiled for one
// element type, PMK_T. Rules: the block is one-dimensional and a multiple of 32 threads; shuffles, votes, `mma` and
// `ldmatrix` meet all 32 lanes (whole warps may leave early, single lanes may not); blocks do not wait for each other;
// vectors and asynchronous copies are aligned to 16 bytes; what changes between replays of a graph is read from memory.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

struct f16 {
    u16 u;
};
struct bf16 {
    u16 u;
};
struct e4m3 {
    u8 u;
};
struct e5m2 {
    u8 u;
};
struct alignas(8) pmk_v2 {
    u32 x, y;
};
struct alignas(16) pmk_v4 {
    u32 x, y, z, w;
};

#if defined(PMK_EMU)
#include "pmk_emu.h"
#else

#define PMK_DEV __device__ __forceinline__
#define PMK_EXPORT extern "C" __global__
#define PMK_REGISTER(name)
#define PMK_BOUNDS(threads, blocks) __launch_bounds__(threads, blocks)
#define PMK_SHARED(type, name, count) __shared__ __align__(16) type name[count]
#define PMK_DYN_SHARED(type, name)                                   \
    extern __shared__ __align__(128) unsigned char pmk_dyn_shared[]; \
    type* name = reinterpret_cast<type*>(pmk_dyn_shared)
#define PMK_TID_X threadIdx.x
#define PMK_BID_X blockIdx.x
#define PMK_BID_Y blockIdx.y
#define PMK_BID_Z blockIdx.z
#define PMK_BDIM_X blockDim.x
#define PMK_GDIM_X gridDim.x
#define PMK_GDIM_Y gridDim.y
#define PMK_GDIM_Z gridDim.z
#define PMK_UNROLL _Pragma("unroll")
#define PMK_ALL_LANES 0xffffffffu
#define PMK_HAS_FP8_MMA (__CUDA_ARCH__ >= 890)

PMK_DEV void pmk_sync() { __syncthreads(); }
PMK_DEV void pmk_warp_sync() { __syncwarp(PMK_ALL_LANES); }
PMK_DEV void pmk_fence() { __threadfence(); }
// V: i32, u32, i64, u64, f32, f64.
template <class V> PMK_DEV V pmk_shfl_xor(V v, int mask) { return __shfl_xor_sync(PMK_ALL_LANES, v, mask); }
template <class V> PMK_DEV V pmk_shfl_idx(V v, int lane) { return __shfl_sync(PMK_ALL_LANES, v, lane); }
template <class V> PMK_DEV V pmk_shfl_up(V v, int by) { return __shfl_up_sync(PMK_ALL_LANES, v, by); }
template <class V> PMK_DEV V pmk_shfl_down(V v, int by) { return __shfl_down_sync(PMK_ALL_LANES, v, by); }
PMK_DEV u32 pmk_ballot(bool p) { return __ballot_sync(PMK_ALL_LANES, p); }
PMK_DEV int pmk_popcount(u32 x) { return __popc(x); }
PMK_DEV int pmk_lowest_bit(u32 x) { return __ffs(static_cast<int>(x)) - 1; }

PMK_DEV u32 pmk_bits(float x) { return __float_as_uint(x); }
PMK_DEV float pmk_float(u32 x) { return __uint_as_float(x); }
PMK_DEV u32 pmk_mulhi(u32 a, u32 b) { return __umulhi(a, b); }

// Every atomic returns the value before. V of add: i32, u32, u64, f32, f64; of max: i32, u32, i64, u64.
template <class V> PMK_DEV V pmk_atomic_add(V* p, V v) { return atomicAdd(p, v); }
template <class V> PMK_DEV V pmk_atomic_max(V* p, V v) { return atomicMax(p, v); }
template <class V> PMK_DEV V pmk_atomic_min(V* p, V v) { return atomicMin(p, v); }
PMK_DEV u32 pmk_atomic_or(u32* p, u32 v) { return atomicOr(p, v); }
PMK_DEV u32 pmk_atomic_cas(u32* p, u32 expected, u32 v) { return atomicCAS(p, expected, v); }
// Floats of one sign are ordered as their bits are; a positive NaN is above all.
PMK_DEV float pmk_atomic_max(float* p, float v) {
    const int bits = __float_as_int(v);
    return bits >= 0 ? __int_as_float(atomicMax(reinterpret_cast<int*>(p), bits))
                     : __uint_as_float(atomicMin(reinterpret_cast<u32*>(p), static_cast<u32>(bits)));
}

// Fast: at most 2 units in the last place, subnormal results are 0.
PMK_DEV float pmk_exp2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
PMK_DEV float pmk_log2(float x) {
    float y;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
PMK_DEV float pmk_rsqrt(float x) { return rsqrtf(x); }
// Precise: within 1 or 2 units in the last place; division and root are rounded exactly.
PMK_DEV float pmk_exp(float x) { return expf(x); }
PMK_DEV double pmk_exp(double x) { return exp(x); }
PMK_DEV float pmk_log(float x) { return logf(x); }
PMK_DEV double pmk_log(double x) { return log(x); }
PMK_DEV float pmk_tanh(float x) { return tanhf(x); }
PMK_DEV float pmk_erf(float x) { return erff(x); }
PMK_DEV float pmk_sin(float x) { return sinf(x); }
PMK_DEV float pmk_cos(float x) { return cosf(x); }
PMK_DEV float pmk_sqrt(float x) { return __fsqrt_rn(x); }
PMK_DEV double pmk_sqrt(double x) { return __dsqrt_rn(x); }
PMK_DEV float pmk_div(float a, float b) { return __fdiv_rn(a, b); }
PMK_DEV float pmk_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
PMK_DEV float pmk_round(float x) { return rintf(x); }
PMK_DEV float pmk_floor(float x) { return floorf(x); }
PMK_DEV float pmk_abs(float x) { return fabsf(x); }
// The number where the other is NaN.
PMK_DEV float pmk_max(float a, float b) { return fmaxf(a, b); }
PMK_DEV float pmk_min(float a, float b) { return fminf(a, b); }

PMK_DEV float pmk_to_f32(float x) { return x; }
PMK_DEV float pmk_to_f32(bf16 x) { return __uint_as_float(static_cast<u32>(x.u) << 16); }
PMK_DEV float pmk_to_f32(f16 x) {
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.u));
    return y;
}
PMK_DEV void pmk_from_f32(float x, float& out) { out = x; }
PMK_DEV void pmk_from_f32(float x, bf16& out) { asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(out.u) : "f"(x)); }
PMK_DEV void pmk_from_f32(float x, f16& out) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out.u) : "f"(x)); }
// Two numbers in one word, `lo` in bits 0 to 15; the last argument names the type.
PMK_DEV u32 pmk_pack2(float lo, float hi, const bf16*) {
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
}
PMK_DEV u32 pmk_pack2(float lo, float hi, const f16*) {
    u32 r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
}

// D[16, 8] += A[16, 16] B[16, 8], sums in f32. Lane l, g = l / 4, t = l % 4: registers 0 to 3 of A hold rows g, g + 8,
// g, g + 8 and columns 2t, 2t + 1 (0, 1) or 2t + 8, 2t + 9 (2, 3); those of B rows 2t, 2t + 1 or 2t + 8, 2t + 9 of
// column g; D holds (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1).
#define PMK_MMA(shape, types)                                                                               \
    asm volatile("mma.sync.aligned." shape ".row.col.f32." types ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "      \
                 "{%8,%9}, {%0,%1,%2,%3};"                                                                  \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                           \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
PMK_DEV void pmk_mma_16816(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2], const bf16*) {
    PMK_MMA("m16n8k16", "bf16.bf16");
}
PMK_DEV void pmk_mma_16816(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2], const f16*) {
    PMK_MMA("m16n8k16", "f16.f16");
}
#if PMK_HAS_FP8_MMA
// As above with 32 columns of A: 4t to 4t + 3 (registers 0, 1) and 16 + 4t to 16 + 4t + 3 (2, 3); rows of B likewise.
PMK_DEV void pmk_mma_16832_e4m3(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    PMK_MMA("m16n8k32", "e4m3.e4m3");
}
PMK_DEV u16 pmk_pack_e4m3(float lo, float hi) {
    u16 r;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(r) : "f"(hi), "f"(lo));
    return r;
}
PMK_DEV u16 pmk_pack_e5m2(float lo, float hi) {
    u16 r;
    asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(r) : "f"(hi), "f"(lo));
    return r;
}
#endif
// Four 8x8 matrices of 16-bit elements from shared memory: lane l gives the address of row l % 8 of matrix l / 8;
// register j of lane l receives elements (g, 2t) and (g, 2t + 1) of matrix j, or (2t, g) and (2t + 1, g) transposed.
#define PMK_LDMATRIX(form)                                                                                       \
    asm volatile("ldmatrix.sync.aligned.m8n8.x4" form ".shared.b16 {%0,%1,%2,%3}, [%4];"                         \
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])                                                \
                 : "r"(pmk_shared_address(p))                                                                    \
                 : "memory")
PMK_DEV u32 pmk_shared_address(const void* p) { return static_cast<u32>(__cvta_generic_to_shared(p)); }
PMK_DEV void pmk_ldmatrix_x4(u32 (&r)[4], const void* p) { PMK_LDMATRIX(""); }
PMK_DEV void pmk_ldmatrix_x4_trans(u32 (&r)[4], const void* p) { PMK_LDMATRIX(".trans"); }
// 16 bytes from device to shared memory, landing by the wait for their group; zeros where !take, and src is not read.
PMK_DEV void pmk_cp_async16(void* dst, const void* src, bool take) {
    const int bytes = take ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(pmk_shared_address(dst)), "l"(src), "r"(bytes)
                 : "memory");
}
PMK_DEV void pmk_cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most N of this thread's newest groups are under way.
template <int N> PMK_DEV void pmk_cp_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }
#endif

PMK_DEV bool pmk_is_nan(float x) { return x != x; }
PMK_DEV bool pmk_is_finite(float x) { return (pmk_bits(x) & 0x7f800000u) != 0x7f800000u; }
PMK_DEV float pmk_infinity() { return pmk_float(0x7f800000u); }
// 1 / (1 + exp(-x)), precise and without overflow.
PMK_DEV float pmk_sigmoid(float x) { return pmk_div(1.f, 1.f + pmk_exp(-x)); }

// ---- 8-bit floats: round to nearest even, saturate at 448 and 57344 (infinity too), NaN is 0x7f.
// MANTISSA bits of mantissa, exponent bias BIAS, and the code of the largest number.
template <int MANTISSA, int BIAS, int LARGEST> PMK_DEV u8 pmk_fp8_code(float x) {
    const u32 sign = (pmk_bits(x) >> 24) & 0x80u, a = pmk_bits(x) & 0x7fffffffu;
    const u32 top = ((LARGEST >> MANTISSA) - BIAS + 127) << 23 | (LARGEST & ((1 << MANTISSA) - 1)) << (23 - MANTISSA);
    u32 code;
    if (a > 0x7f800000u) {
        return 0x7f;
    } else if (a >= top) {
        code = LARGEST;
    } else if (a < static_cast<u32>(128 - BIAS) << 23) {
        // Subnormal: adding 2^n, whose last bit is worth the smallest code, rounds.
        const u32 magic = static_cast<u32>(127 + 23 + 1 - BIAS - MANTISSA) << 23;
        code = pmk_bits(pmk_float(a) + pmk_float(magic)) - magic;
    } else {
        const int shift = 23 - MANTISSA;
        code = ((a + (1u << (shift - 1)) - 1 + ((a >> shift) & 1)) >> shift) - ((127 - BIAS) << MANTISSA);
    }
    return static_cast<u8>(sign | code);
}
#if !defined(PMK_EMU) && PMK_HAS_FP8_MMA
PMK_DEV void pmk_from_f32(float x, e4m3& out) { out.u = static_cast<u8>(pmk_pack_e4m3(x, 0.f)); }
PMK_DEV void pmk_from_f32(float x, e5m2& out) { out.u = static_cast<u8>(pmk_pack_e5m2(x, 0.f)); }
#else
PMK_DEV void pmk_from_f32(float x, e4m3& out) { out.u = pmk_fp8_code<3, 7, 0x7e>(x); }
PMK_DEV void pmk_from_f32(float x, e5m2& out) { out.u = pmk_fp8_code<2, 15, 0x7b>(x); }
// Two numbers in one word, `lo` in bits 0 to 7.
PMK_DEV u16 pmk_pack_e4m3(float lo, float hi) {
    return static_cast<u16>(pmk_fp8_code<3, 7, 0x7e>(lo) | pmk_fp8_code<3, 7, 0x7e>(hi) << 8);
}
PMK_DEV u16 pmk_pack_e5m2(float lo, float hi) {
    return static_cast<u16>(pmk_fp8_code<2, 15, 0x7b>(lo) | pmk_fp8_code<2, 15, 0x7b>(hi) << 8);
}
#endif
PMK_DEV float pmk_to_f32(e4m3 x) {
    const u32 sign = static_cast<u32>(x.u & 0x80) << 24, a = x.u & 0x7f;
    // The bits stand 120 too low in the exponent; so do those of a subnormal.
    const float size = a == 0x7f ? pmk_float(0x7fc00000u) : pmk_float(a << 20) * pmk_float((127u + 120u) << 23);
    return pmk_float(pmk_bits(size) | sign);
}
PMK_DEV float pmk_to_f32(e5m2 x) { return pmk_to_f32(f16{static_cast<u16>(x.u << 8)}); }

// ---- elements of T = float, bf16, f16, e4m3, e5m2
template <class T> PMK_DEV float pmk_load(const T* p) { return pmk_to_f32(*p); }
template <class T> PMK_DEV void pmk_store(T* p, float v) { pmk_from_f32(v, *p); }
// The number of elements of T in 16 bytes.
template <class T> constexpr int pmk_vector = 16 / static_cast<int>(sizeof(T));
template <class T> struct alignas(16) pmk_elements {
    T at[16 / sizeof(T)];
};
// 16 bytes at once, from and to an address that is a multiple of 16.
template <class T> PMK_DEV void pmk_load_vector(const T* p, float (&v)[16 / sizeof(T)]) {
    const pmk_elements<T> e = *reinterpret_cast<const pmk_elements<T>*>(p);
    PMK_UNROLL for (int i = 0; i < pmk_vector<T>; i++) v[i] = pmk_to_f32(e.at[i]);
}
template <class T> PMK_DEV void pmk_store_vector(T* p, const float (&v)[16 / sizeof(T)]) {
    pmk_elements<T> e;
    PMK_UNROLL for (int i = 0; i < pmk_vector<T>; i++) pmk_from_f32(v[i], e.at[i]);
    *reinterpret_cast<pmk_elements<T>*>(p) = e;
}

// ---- sums and maxima, in every lane of the warp or every thread of the block; a block's need two barriers
template <class V> PMK_DEV V pmk_warp_sum(V v) {
    PMK_UNROLL for (int m = 16; m; m >>= 1) v += pmk_shfl_xor(v, m);
    return v;
}
template <class V> PMK_DEV V pmk_warp_max(V v) {
    PMK_UNROLL for (int m = 16; m; m >>= 1) {
        const V other = pmk_shfl_xor(v, m);
        v = other > v ? other : v;
    }
    return v;
}
template <class V> PMK_DEV V pmk_block_sum(V v) {
    PMK_SHARED(V, partial, 32);
    const int lane = PMK_TID_X & 31, warps = PMK_BDIM_X >> 5;
    v = pmk_warp_sum(v);
    if (lane == 0) partial[PMK_TID_X >> 5] = v;
    pmk_sync();
    v = pmk_warp_sum(lane < warps ? partial[lane] : V(0));
    pmk_sync();
    return v;
}
template <class V> PMK_DEV V pmk_block_max(V v) {
    PMK_SHARED(V, partial, 32);
    const int lane = PMK_TID_X & 31, warps = PMK_BDIM_X >> 5;
    v = pmk_warp_max(v);
    if (lane == 0) partial[PMK_TID_X >> 5] = v;
    pmk_sync();
    v = pmk_warp_max(partial[lane < warps ? lane : 0]);
    pmk_sync();
    return v;
}

// Philox4x32, Salmon et al. 2011: ROUNDS rounds on the counter in `words`, which receives the four words.
template <int ROUNDS> PMK_DEV void pmk_philox(u32 (&words)[4], u32 key_low, u32 key_high) {
    PMK_UNROLL for (int round = 0; round < ROUNDS; round++) {
        const u32 h0 = pmk_mulhi(0xD2511F53u, words[0]), l0 = 0xD2511F53u * words[0];
        const u32 h1 = pmk_mulhi(0xCD9E8D57u, words[2]), l1 = 0xCD9E8D57u * words[2];
        words[0] = h1 ^ words[1] ^ key_low;
        words[1] = l1;
        words[2] = h0 ^ words[3] ^ key_high;
        words[3] = l0;
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
}
