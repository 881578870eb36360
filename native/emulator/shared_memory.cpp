// Shared arrays and asynchronous copies.
#include <cstdlib>
#include <cstring>
#include "scheduler.h"

namespace pmkemu {
void* shared_array(const void* declaration, size_t bytes) { return worker->shared_array(declaration, bytes); }
void* dynamic_shared() { return worker->dynamic_shared(); }

// Each array is a block of the heap, so that a sanitizer sees its ends; all NaN, so that a read before a write shows.
void* Worker::shared_array(const void* declaration, size_t bytes) {
    for (const SharedArray& array : arrays) {
        if (array.declaration == declaration) return array.memory;
    }
    void* memory;
    if (posix_memalign(&memory, 128, bytes)) std::abort();
    std::memset(memory, 0xff, bytes);
    arrays.push_back({declaration, memory, bytes});
    static_bytes += bytes;
    if (static_bytes > STATIC_SHARED_BYTES || static_bytes + launch->dynamic_bytes > SHARED_BYTES) {
        fail(std::to_string(static_bytes) + " bytes of static and " + std::to_string(launch->dynamic_bytes) +
             " of dynamic shared memory are more than a block may have");
    }
    return memory;
}

void Worker::copy(const Copy& copy) {
    if ((reinterpret_cast<u64>(copy.to) | reinterpret_cast<u64>(copy.from)) & 15) {
        fail("an asynchronous copy whose address is no multiple of 16");
    } else if (copy.take) {
        std::memcpy(copy.to, copy.from, 16);
    } else {
        std::memset(copy.to, 0, 16);
    }
}

// The hardware copies at any time between issue and wait. At the wait, a missing wait shows; at issue, a missing
// barrier before the place is overwritten.
void copy_async(void* to, const void* from, bool take) {
    Strand* const strand = static_cast<Strand*>(current);
    const Copy copy{to, from, take, strand->groups};
    if (options().seed & 1) {
        worker->copy(copy);
    } else {
        strand->copies.push_back(copy);
    }
}

void commit_copies() { static_cast<Strand*>(current)->groups++; }

void wait_copies(int newest) {
    Strand* const strand = static_cast<Strand*>(current);
    std::vector<Copy>& copies = strand->copies;
    size_t done = 0;
    for (; done < copies.size() && copies[done].group < strand->groups - newest; done++) worker->copy(copies[done]);
    copies.erase(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(done));
}
}  // namespace pmkemu
