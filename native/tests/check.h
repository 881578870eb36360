// Support of the emulator's own tests: named tests, expectations, numbers, and kernels run without a driver.
#pragma once
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>
#include "launch.h"

namespace check {
struct Test {
    const char* name;
    void (*body)();
    Test* next;
};
// Adds a test when the program starts.
struct Added {
    Test test;
    Added(const char* name, void (*body)());
};
void fail(const char* file, int line, const std::string& what);
// Notes that a comparison was made, so that a test without one is seen.
void noted();

// The larger error; a NaN stays.
inline double worse(double error, double other) { return other <= error || error != error ? error : other; }

// Numbers in [-1, 1), the same in every run.
class Numbers {
public:
    float next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<float>(static_cast<double>(state >> 11) * 0x1p-52 - 1);
    }

private:
    u64 state = 88172645463325252ull;
};

template <class T> std::vector<T> random_of(size_t count, Numbers& numbers) {
    std::vector<T> all(count);
    for (T& one : all) pmk_from_f32(numbers.next(), one);
    return all;
}
// NaN in every format.
template <class T> std::vector<T> empty_of(size_t count) {
    std::vector<T> all(count);
    __builtin_memset(static_cast<void*>(all.data()), 0xff, count * sizeof(T));
    return all;
}
template <class T> double at(const std::vector<T>& values, size_t index) { return pmk_to_f32(values[index]); }

// Runs a kernel that was linked into the program; what went wrong, or the empty string.
std::string launch_with(const char* name, pmkemu::Index grid, unsigned threads, size_t dynamic_bytes,
                        std::vector<void*> arguments);
template <class... A>
std::string launch(const char* name, pmkemu::Index grid, unsigned threads, size_t dynamic_bytes, A... arguments) {
    return launch_with(name, grid, threads, dynamic_bytes, {&arguments...});
}
int run_all(int count, char** arguments);
}  // namespace check

#define TEST(name)                                       \
    static void name();                                  \
    static const check::Added name##_added(#name, name); \
    static void name()
#define EXPECT(condition)                                                    \
    do {                                                                     \
        check::noted();                                                      \
        if (!(condition)) check::fail(__FILE__, __LINE__, #condition);       \
    } while (false)
#define EXPECT_EQUAL(a, b)                                                                               \
    do {                                                                                                 \
        check::noted();                                                                                  \
        const auto x_ = (a);                                                                             \
        const auto y_ = (b);                                                                             \
        if (!(x_ == y_)) {                                                                               \
            check::fail(__FILE__, __LINE__, std::string(#a " is ") + std::to_string(x_) + ", not " + std::to_string(y_)); \
        }                                                                                                \
    } while (false)
#define EXPECT_BELOW(a, limit)                                                                                  \
    do {                                                                                                        \
        check::noted();                                                                                         \
        const double x_ = (a);                                                                                  \
        if (!(x_ <= (limit))) check::fail(__FILE__, __LINE__, std::string(#a " is ") + std::to_string(x_));     \
    } while (false)
#define EXPECT_TEXT(text, part)                                                                        \
    do {                                                                                               \
        check::noted();                                                                                \
        const std::string t_ = (text);                                                                 \
        if (t_.find(part) == std::string::npos) {                                                      \
            check::fail(__FILE__, __LINE__, "'" + t_ + "' does not contain '" + std::string(part) + "'"); \
        }                                                                                              \
    } while (false)
