// What the ranks of one communicator of the NCCL stand-in share: a segment of POSIX shared memory.
#pragma once
#include <atomic>
#include <cstddef>
#include "pmk.cuh"

namespace pmkemu::nccl {
enum { SUCCESS = 0, UNHANDLED_CUDA_ERROR = 1, SYSTEM_ERROR = 2, INTERNAL_ERROR = 3, INVALID_ARGUMENT = 4,
       INVALID_USAGE = 5, REMOTE_ERROR = 6, IN_PROGRESS = 7 };
enum Reduction { SUM = 0, PROD = 1, MAX = 2, MIN = 3, AVG = 4 };
constexpr int MOST_RANKS = 64;
// Each rank's window in the segment; larger messages go through it in pieces.
constexpr size_t WINDOW_BYTES = 1 << 18;

// The meeting places are monitors without a lock: counters that only grow.
struct Member {
    std::atomic<int> process, aborted;
    // For each peer: pieces it has put into the mailbox for this rank, and those taken out of it.
    std::atomic<u64> sent[MOST_RANKS], taken[MOST_RANKS];
};
struct Header {
    std::atomic<int> joined, left;
    std::atomic<u64> arrived;
    Member members[MOST_RANKS];
};

struct Communicator {
    Header* header = nullptr;
    u8* windows = nullptr;
    size_t bytes = 0;
    int ranks = 0, rank = 0;
    u64 meetings = 0;
    char name[128] = {};
    std::atomic<int> error{0}, aborted{0};
    int splits = 0;

    u8* window(int of) const { return windows + static_cast<size_t>(of) * WINDOW_BYTES; }
    // The mailbox from one rank to another.
    u8* mailbox(int from, int to) const {
        return windows + (static_cast<size_t>(ranks) + static_cast<size_t>(from) * ranks + to) * WINDOW_BYTES;
    }
};

// The communicator of `ranks` ranks that meet at `name`, once all have come; null if shared memory fails.
Communicator* join(const char* name, int ranks, int rank);
void leave(Communicator* communicator);
// Waits for all ranks; false once the communicator was aborted. A rank that died makes REMOTE_ERROR the error.
bool meet(Communicator& communicator);
// Waits until a counter has reached a value, likewise.
bool wait_for(Communicator& communicator, const std::atomic<u64>& counter, u64 value);
// Between two looks at something that another rank is to change.
void pause(Communicator& communicator, int looks);

size_t width_of(int type);
bool can_reduce(int type);
// to[i] = to[i] op from[i]; AVG adds.
void reduce(void* to, const void* from, size_t count, int type, int reduction);
void divide(void* data, size_t count, int type, int by);
}  // namespace pmkemu::nccl
