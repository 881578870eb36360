// Calls are counted by library and by function, and fail when a test wants it.
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include "../surface.h"

namespace pmkemu::driver {
namespace {
struct Count {
    unsigned long long calls = 0, fails_at = 0;
    int code = 0;
};
struct Counts {
    std::mutex lock;
    std::map<std::string, Count> by_name;
    std::string failed;
};

Counts& counted() {
    static Counts& counts = *new Counts;
    return counts;
}

int count(Counts& counts, const char* name) {
    Count& one = counts.by_name[name];
    return ++one.calls == one.fails_at ? one.code : 0;
}
}  // namespace
}  // namespace pmkemu::driver

extern "C" {
int pmkEmuEnter(const char* library, const char* function) {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    const int by_library = count(counts, library), by_function = count(counts, function);
    const bool allocates = !std::strcmp(library, "cuda") &&
                           (!std::strncmp(function, "cuMemAlloc", 10) || !std::strcmp(function, "cuMemHostAlloc"));
    const int as_memory = allocates ? count(counts, "memory") : 0;
    const int code = by_library ? by_library : by_function ? by_function : as_memory;
    if (code) counts.failed = function;
    return code;
}

void pmkEmuFail(const char* where, unsigned long long call, int code) {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    Count& one = counts.by_name[where];
    one.fails_at = code ? one.calls + call : 0;
    one.code = code;
}

unsigned long long pmkEmuCalls(const char* where) {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    const auto found = counts.by_name.find(where);
    return found == counts.by_name.end() ? 0 : found->second.calls;
}

void pmkEmuResetCalls() {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    counts.by_name.clear();
    counts.failed.clear();
}

size_t pmkEmuFailed(char* text, size_t bytes) {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    if (bytes) text[counts.failed.copy(text, bytes - 1)] = 0;
    return counts.failed.size();
}

size_t pmkEmuTrace(char* text, size_t bytes) {
    using namespace pmkemu::driver;
    Counts& counts = counted();
    std::lock_guard<std::mutex> lock(counts.lock);
    std::string all;
    for (const auto& [name, one] : counts.by_name) {
        if (one.calls) all += name + " " + std::to_string(one.calls) + "\n";
    }
    if (bytes) {
        const size_t length = all.copy(text, bytes - 1);
        text[length] = 0;
    }
    return all.size();
}
}
