// Stand-in for libnccl: ranks are processes or threads of one machine.
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>
#include "../surface.h"
#include "collectives.h"

using namespace pmkemu::nccl;

namespace {
struct UniqueId {
    char internal[128];
};
// What was called between the start and the end of a group.
struct Group {
    int depth = 0;
    std::vector<std::function<int()>> collectives;
    std::vector<Message> messages;
    void* stream = nullptr;
};
thread_local Group group;
thread_local std::string last_error;

int refuse(int code, const std::string& why) {
    last_error = why;
    return code;
}

int queue(void* stream, const char* kind, const std::function<void()>& work) {
    const auto call = [](void* data) {
        const auto inner = [](void* function) { (*static_cast<std::function<void()>*>(function))(); };
        pmkEmuOutside(inner, data);
    };
    const auto drop = [](void* data) { delete static_cast<std::function<void()>*>(data); };
    const int code = pmkEmuEnqueue(stream, kind, true, call, new std::function<void()>(work), drop);
    return code ? refuse(UNHANDLED_CUDA_ERROR, std::string(kind) + ": " + pmkEmuDetail()) : SUCCESS;
}

bool on_device(const void* data, size_t bytes) { return pmkEmuIsDevice(reinterpret_cast<u64>(data), bytes); }

// `sent` and `received` are how many times the count of elements the two buffers hold.
int submit(const char* kind, Step step, Communicator* communicator, const Operation& operation,
           std::pair<int, int> buffers, void* stream) {
    if (!communicator) return refuse(INVALID_ARGUMENT, std::string(kind) + ": no communicator");
    const size_t bytes = operation.count * width_of(operation.type);
    if (!width_of(operation.type)) return refuse(INVALID_ARGUMENT, std::string(kind) + ": unknown data type");
    if (!operation.count) return SUCCESS;
    if ((buffers.first && !on_device(operation.from, bytes * static_cast<size_t>(buffers.first))) ||
        (buffers.second && !on_device(operation.to, bytes * static_cast<size_t>(buffers.second)))) {
        return refuse(INVALID_ARGUMENT, std::string(kind) + ": a buffer is not inside one live device allocation");
    }
    if (communicator->error) return refuse(communicator->error, std::string(kind) + ": another rank has failed");
    const auto go = [=] {
        return queue(stream, kind, [=] { step(*communicator, operation); });
    };
    if (!group.depth) return go();
    group.collectives.emplace_back(go);
    return SUCCESS;
}

int message(const char* kind, Communicator* communicator, Message made, void* stream) {
    if (!on_device(made.data, made.bytes) || made.peer < 0 || made.peer >= communicator->ranks) {
        return refuse(INVALID_ARGUMENT, std::string(kind) + ": a wrong peer, or a buffer that is not on the device");
    }
    group.messages.push_back(made);
    group.stream = stream;
    if (group.depth) return SUCCESS;
    const auto messages = std::make_shared<std::vector<Message>>(std::move(group.messages));
    group.messages.clear();
    return queue(stream, kind, [messages] {
        std::vector<Message> again = *messages;
        exchange(again);
    });
}
}  // namespace

#define PMK_NCCL_ENTER                                                \
    if (const int refused_ = pmkEmuEnter("nccl", __func__)) {         \
        return refuse(refused_, std::string("a test wants ") + __func__ + " to fail"); \
    }

extern "C" {
int ncclGetVersion(int* version) {
    PMK_NCCL_ENTER
    *version = 23007;
    return SUCCESS;
}

const char* ncclGetErrorString(int code) {
    switch (code) {
        case SUCCESS: return "no error";
        case UNHANDLED_CUDA_ERROR: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
        case SYSTEM_ERROR: return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
        case INTERNAL_ERROR: return "internal error - please report this issue to the NCCL developers";
        case INVALID_ARGUMENT: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
        case INVALID_USAGE: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
        case REMOTE_ERROR: return "remote process exited or there was a network error";
        case IN_PROGRESS: return "NCCL operation in progress";
        default: return "unknown result code";
    }
}

const char* ncclGetLastError(Communicator*) { return last_error.c_str(); }

int ncclGetUniqueId(UniqueId* id) {
    PMK_NCCL_ENTER
    static std::atomic<unsigned> count{0};
    std::random_device random;
    std::memset(id, 0, sizeof *id);
    std::snprintf(id->internal, sizeof id->internal, "/panamask-nccl-%d-%u-%08x%08x", getpid(), count++, random(),
                  random());
    return SUCCESS;
}

int ncclCommInitRank(Communicator** out, int ranks, UniqueId id, int rank) {
    PMK_NCCL_ENTER
    *out = nullptr;
    if (ranks < 1 || ranks > MOST_RANKS || rank < 0 || rank >= ranks) {
        return refuse(INVALID_ARGUMENT, "ncclCommInitRank: rank " + std::to_string(rank) + " of " +
                                            std::to_string(ranks));
    }
    if (pmkEmuDevice() < 0) return refuse(UNHANDLED_CUDA_ERROR, "ncclCommInitRank: this thread has no context");
    id.internal[127] = 0;
    *out = join(id.internal, ranks, rank);
    return *out ? SUCCESS : refuse(SYSTEM_ERROR, "ncclCommInitRank: no shared memory");
}

int ncclCommInitRankConfig(Communicator** out, int ranks, UniqueId id, int rank, void*) {
    return ncclCommInitRank(out, ranks, id, rank);
}

// Ranks of one colour form a communicator, in the order of their keys; a negative colour takes no part.
int ncclCommSplit(Communicator* communicator, int colour, int key, Communicator** out, void*) {
    PMK_NCCL_ENTER
    int* const own = reinterpret_cast<int*>(communicator->window(communicator->rank));
    own[0] = colour;
    own[1] = key;
    if (!meet(*communicator)) return REMOTE_ERROR;
    std::vector<std::pair<int, int>> members;
    for (int rank = 0; rank < communicator->ranks; rank++) {
        const int* const theirs = reinterpret_cast<const int*>(communicator->window(rank));
        if (theirs[0] == colour) members.emplace_back(theirs[1], rank);
    }
    if (!meet(*communicator)) return REMOTE_ERROR;
    std::sort(members.begin(), members.end());
    communicator->splits++;
    *out = nullptr;
    if (colour < 0) return SUCCESS;
    const auto place = std::find(members.begin(), members.end(), std::make_pair(key, communicator->rank));
    const std::string name =
        std::string(communicator->name) + "-" + std::to_string(communicator->splits) + "-" + std::to_string(colour);
    *out = join(name.c_str(), static_cast<int>(members.size()), static_cast<int>(place - members.begin()));
    return *out ? SUCCESS : SYSTEM_ERROR;
}

int ncclCommFinalize(Communicator*) {
    PMK_NCCL_ENTER
    return SUCCESS;
}

int ncclCommDestroy(Communicator* communicator) {
    PMK_NCCL_ENTER
    if (communicator) leave(communicator);
    return SUCCESS;
}

// The communicator stays in memory: work of a stream may still be waiting in it, and ends now.
int ncclCommAbort(Communicator* communicator) {
    PMK_NCCL_ENTER
    communicator->aborted = 1;
    communicator->header->members[communicator->rank].aborted = 1;
    return SUCCESS;
}

int ncclCommGetAsyncError(Communicator* communicator, int* error) {
    PMK_NCCL_ENTER
    *error = communicator->error;
    return SUCCESS;
}

int ncclCommCount(Communicator* communicator, int* ranks) {
    PMK_NCCL_ENTER
    *ranks = communicator->ranks;
    return SUCCESS;
}

int ncclCommUserRank(Communicator* communicator, int* rank) {
    PMK_NCCL_ENTER
    *rank = communicator->rank;
    return SUCCESS;
}

int ncclGroupStart() {
    PMK_NCCL_ENTER
    group.depth++;
    return SUCCESS;
}

int ncclGroupEnd() {
    PMK_NCCL_ENTER
    if (!group.depth) return refuse(INVALID_USAGE, "ncclGroupEnd without ncclGroupStart");
    if (--group.depth) return SUCCESS;
    const Group ended = std::exchange(group, Group{});
    for (const auto& collective : ended.collectives) {
        if (const int code = collective()) return code;
    }
    if (ended.messages.empty()) return SUCCESS;
    return queue(ended.stream, "ncclGroup", [messages = ended.messages] {
        std::vector<Message> again = messages;
        exchange(again);
    });
}

int ncclAllReduce(const u8* from, u8* to, size_t count, int type, int reduction, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    return submit(__func__, all_reduce, c, {from, to, count, type, reduction, 0}, {1, 1}, stream);
}

int ncclReduce(const u8* from, u8* to, size_t count, int type, int reduction, int root, Communicator* c,
               void* stream) {
    PMK_NCCL_ENTER
    const bool is_root = c && c->rank == root;
    return submit(__func__, reduce_to_root, c, {from, to, count, type, reduction, root}, {1, is_root}, stream);
}

int ncclReduceScatter(const u8* from, u8* to, size_t count, int type, int reduction, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    return submit(__func__, reduce_scatter, c, {from, to, count, type, reduction, 0}, {c ? c->ranks : 1, 1}, stream);
}

int ncclAllGather(const u8* from, u8* to, size_t count, int type, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    return submit(__func__, all_gather, c, {from, to, count, type, 0, 0}, {1, c ? c->ranks : 1}, stream);
}

int ncclBroadcast(const u8* from, u8* to, size_t count, int type, int root, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    const bool is_root = c && c->rank == root;
    return submit(__func__, broadcast, c, {from, to, count, type, 0, root}, {is_root, 1}, stream);
}

int ncclSend(const u8* from, size_t count, int type, int peer, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    return message(__func__, c, {c, const_cast<u8*>(from), count * width_of(type), peer, true}, stream);
}

int ncclRecv(u8* to, size_t count, int type, int peer, Communicator* c, void* stream) {
    PMK_NCCL_ENTER
    return message(__func__, c, {c, to, count * width_of(type), peer, false}, stream);
}
}
