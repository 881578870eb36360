// Joining, leaving and waiting in shared memory.
#include "segment.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace pmkemu::nccl {
namespace {
constexpr int LOOKS_BEFORE_SLEEP = 200, LOOKS_BETWEEN_CHECKS = 256;
constexpr long SLEEP_NANOSECONDS = 50000;

// Ranks share few processors here, so whoever waits makes room soon.
void pause_after(int looks) {
    if (looks < LOOKS_BEFORE_SLEEP) {
        sched_yield();
    } else {
        const timespec time{0, SLEEP_NANOSECONDS};
        nanosleep(&time, nullptr);
    }
}

void look_for_dead(Communicator& communicator) {
    for (int rank = 0; rank < communicator.ranks; rank++) {
        const Member& member = communicator.header->members[rank];
        const int process = member.process;
        const bool dead = process && kill(process, 0) && errno == ESRCH;
        if ((dead || member.aborted) && rank != communicator.rank) communicator.error = REMOTE_ERROR;
    }
}
}  // namespace

Communicator* join(const char* name, int ranks, int rank) {
    auto* const made = new Communicator;
    made->ranks = ranks;
    made->rank = rank;
    std::strncpy(made->name, name, sizeof made->name - 1);
    const size_t windows = static_cast<size_t>(ranks) * (ranks + 1);
    made->bytes = sizeof(Header) + windows * WINDOW_BYTES;
    const int file = shm_open(made->name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (file >= 0 && !ftruncate(file, static_cast<off_t>(made->bytes))) {
        memory = mmap(nullptr, made->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    if (file >= 0) close(file);
    if (memory == MAP_FAILED) {
        delete made;
        return nullptr;
    }
    made->header = static_cast<Header*>(memory);
    made->windows = static_cast<u8*>(memory) + sizeof(Header);
    made->header->members[rank].process = getpid();
    made->header->joined++;
    for (int looks = 0; made->header->joined < ranks; looks++) pause_after(looks);
    // All have it open, so the name is needed no more.
    if (rank == 0) shm_unlink(made->name);
    return made;
}

void leave(Communicator* communicator) {
    communicator->header->left++;
    munmap(communicator->header, communicator->bytes);
    delete communicator;
}

void pause(Communicator& communicator, int looks) {
    if (looks % LOOKS_BETWEEN_CHECKS == LOOKS_BETWEEN_CHECKS - 1) look_for_dead(communicator);
    pause_after(looks);
}

bool wait_for(Communicator& communicator, const std::atomic<u64>& counter, u64 value) {
    for (int looks = 0; counter < value; looks++) {
        if (communicator.aborted) return false;
        pause(communicator, looks);
    }
    return true;
}

bool meet(Communicator& communicator) {
    communicator.header->arrived++;
    return wait_for(communicator, communicator.header->arrived, ++communicator.meetings * communicator.ranks);
}
}  // namespace pmkemu::nccl
