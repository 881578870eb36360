// Eight numbers at a time, whatever their type and alignment: the columns of a row, or what follows in memory.
#pragma once
#include "pmk.cuh"

constexpr int GROUP = 8; // numbers that a thread takes at a time: a 16-byte vector of halves, two of floats

template <class T> PMK_DEV void load_whole(float (&v)[GROUP], const T* p) {
    constexpr int N = pmk_vector<T>;
    PMK_UNROLL for (int from = 0; from < GROUP; from += N) {
        float part[16 / sizeof(T)];
        pmk_load_vector(p + from, part);
        PMK_UNROLL for (int i = 0; i < N; i++) v[from + i] = part[i];
    }
}

template <class T> PMK_DEV void store_whole(T* p, const float (&v)[GROUP]) {
    constexpr int N = pmk_vector<T>;
    PMK_UNROLL for (int from = 0; from < GROUP; from += N) {
        float part[16 / sizeof(T)];
        PMK_UNROLL for (int i = 0; i < N; i++) part[i] = v[from + i];
        pmk_store_vector(p + from, part);
    }
}

PMK_DEV bool holds_vectors(const void* p) { return (reinterpret_cast<u64>(p) & 15) == 0; }

// The first `left` numbers from p on, at most eight, and zeros after them.
template <class T> PMK_DEV void load_group(float (&v)[GROUP], const T* p, i64 left) {
    if (left >= GROUP && holds_vectors(p)) {
        load_whole(v, p);
    } else {
        PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] = i < left ? pmk_to_f32(p[i]) : 0.f;
    }
}

template <class T> PMK_DEV void store_group(T* p, const float (&v)[GROUP], i64 left) {
    if (left >= GROUP && holds_vectors(p)) {
        store_whole(p, v);
    } else {
        PMK_UNROLL for (int i = 0; i < GROUP; i++) {
            if (i < left) pmk_from_f32(v[i], p[i]);
        }
    }
}

// F64 is only ever copied from and to.
PMK_DEV void load_group(float (&v)[GROUP], const double* p, i64 left) {
    PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] = i < left ? static_cast<float>(p[i]) : 0.f;
}

PMK_DEV void store_group(double* p, const float (&v)[GROUP], i64 left) {
    PMK_UNROLL for (int i = 0; i < GROUP; i++) {
        if (i < left) p[i] = v[i];
    }
}

// p = v, or p += v where `add` is not 0.
template <class T> PMK_DEV void put_group(T* p, float (&v)[GROUP], i64 left, int add) {
    if (add) {
        float sums[GROUP];
        load_group(sums, p, left);
        PMK_UNROLL for (int i = 0; i < GROUP; i++) v[i] += sums[i];
    }
    store_group(p, v, left);
}

// x as a T would hold it.
template <class T> PMK_DEV float rounded(float x, const T*) {
    T t;
    pmk_from_f32(x, t);
    return pmk_to_f32(t);
}
