// Runs the tests whose names contain an argument, or all of them.
#include "check.h"
#include <atomic>
#include <cstring>

namespace check {
namespace {
Test* first;
const Test* running;
std::atomic<int> failures, comparisons;
}  // namespace

Added::Added(const char* name, void (*body)()) : test{name, body, first} { first = &test; }

void fail(const char* file, int line, const std::string& what) {
    failures++;
    const char* const slash = std::strrchr(file, '/');
    std::printf("FAILED %s: %s:%d: %s\n", running->name, slash ? slash + 1 : file, line, what.c_str());
}

void noted() { comparisons++; }

std::string launch_with(const char* name, pmkemu::Index grid, unsigned threads, size_t dynamic_bytes,
                        std::vector<void*> arguments) {
    static const pmkemu::Kernel* const kernels = pmkemu::take_registered();
    const pmkemu::Kernel* const kernel = pmkemu::find_kernel(kernels, name);
    if (!kernel) return std::string("there is no kernel ") + name;
    return pmkemu::run({kernel, grid, {threads, 1, 1}, dynamic_bytes, arguments.data()});
}

int run_all(int count, char** arguments) {
    for (const Test* test = first; test; test = test->next) {
        bool wanted = count < 2;
        for (int i = 1; i < count; i++) wanted = wanted || std::strstr(test->name, arguments[i]);
        if (!wanted) continue;
        running = test;
        comparisons = 0;
        const int before = failures;
        test->body();
        if (!comparisons) fail("check.cpp", 0, "it compared nothing");
        if (failures == before) std::printf("ok %s\n", test->name);
        std::fflush(stdout);
    }
    std::printf("%d failures\n", failures.load());
    return failures ? 1 : 0;
}
}  // namespace check

int main(int count, char** arguments) { return check::run_all(count, arguments); }
