// Every rank puts a piece into its window, all meet, each takes what it needs from all windows, all meet again. The sum
// is taken in the order of ranks, so every rank has the same bits.
#include "collectives.h"
#include <algorithm>
#include <cstring>

namespace pmkemu::nccl {
namespace {
// The reduction over all windows, of `bytes` of them, into `to`.
void combine(Communicator& communicator, const Operation& operation, u8* to, size_t bytes) {
    const size_t count = bytes / width_of(operation.type);
    std::vector<u8> sum(communicator.window(0), communicator.window(0) + bytes);
    for (int rank = 1; rank < communicator.ranks; rank++) {
        reduce(sum.data(), communicator.window(rank), count, operation.type, operation.reduction);
    }
    if (operation.reduction == AVG) divide(sum.data(), count, operation.type, communicator.ranks);
    std::memcpy(to, sum.data(), bytes);
}

// Calls `take(offset, bytes)` between the meetings of each piece of `bytes`, which comes from `from` unless that is null.
template <class Take> void pieces(Communicator& communicator, const u8* from, size_t bytes, const Take& take) {
    for (size_t offset = 0; offset < bytes; offset += WINDOW_BYTES) {
        const size_t some = std::min(WINDOW_BYTES, bytes - offset);
        if (from) std::memcpy(communicator.window(communicator.rank), from + offset, some);
        if (!meet(communicator)) return;
        take(offset, some);
        if (!meet(communicator)) return;
    }
}
}  // namespace

void all_reduce(Communicator& c, const Operation& o) {
    pieces(c, o.from, o.count * width_of(o.type),
           [&](size_t offset, size_t bytes) { combine(c, o, o.to + offset, bytes); });
}

void reduce_to_root(Communicator& c, const Operation& o) {
    pieces(c, o.from, o.count * width_of(o.type), [&](size_t offset, size_t bytes) {
        if (c.rank == o.root) combine(c, o, o.to + offset, bytes);
    });
}

void reduce_scatter(Communicator& c, const Operation& o) {
    const size_t bytes = o.count * width_of(o.type);
    // The result may lie inside the source: it is kept aside until the last piece was sent.
    std::vector<u8> result(bytes);
    for (int owner = 0; owner < c.ranks; owner++) {
        pieces(c, o.from + static_cast<size_t>(owner) * bytes, bytes, [&](size_t offset, size_t some) {
            if (owner == c.rank) combine(c, o, result.data() + offset, some);
        });
    }
    std::memcpy(o.to, result.data(), bytes);
}

void all_gather(Communicator& c, const Operation& o) {
    const size_t bytes = o.count * width_of(o.type);
    const std::vector<u8> own(o.from, o.from + bytes);
    pieces(c, own.data(), bytes, [&](size_t offset, size_t some) {
        for (int rank = 0; rank < c.ranks; rank++) {
            std::memcpy(o.to + static_cast<size_t>(rank) * bytes + offset, c.window(rank), some);
        }
    });
}

void broadcast(Communicator& c, const Operation& o) {
    pieces(c, c.rank == o.root ? o.from : nullptr, o.count * width_of(o.type),
           [&](size_t offset, size_t some) { std::memcpy(o.to + offset, c.window(o.root), some); });
}

bool Message::step() {
    Communicator& c = *communicator;
    if (done == bytes) return false;
    const int from = sends ? c.rank : peer, to = sends ? peer : c.rank;
    Member& receiver = c.header->members[to];
    const u64 sent = receiver.sent[from], taken = receiver.taken[from];
    if (sends ? sent != taken : sent == taken) return false;
    const size_t some = std::min(WINDOW_BYTES, bytes - done);
    if (sends) {
        std::memcpy(c.mailbox(from, to), data + done, some);
        receiver.sent[from]++;
    } else {
        std::memcpy(data + done, c.mailbox(from, to), some);
        receiver.taken[from]++;
    }
    done += some;
    return true;
}

// Messages to one peer keep their order: only the first unfinished one of each direction moves.
void exchange(std::vector<Message>& messages) {
    for (int looks = 0;;) {
        bool moved = false, unfinished = false;
        std::vector<std::pair<int, bool>> busy;
        for (Message& message : messages) {
            if (message.communicator->aborted) return;
            if (message.done == message.bytes) continue;
            unfinished = true;
            const std::pair<int, bool> lane{message.peer, message.sends};
            if (std::find(busy.begin(), busy.end(), lane) != busy.end()) continue;
            busy.push_back(lane);
            moved = message.step() || moved;
        }
        if (!unfinished) return;
        if (!moved) {
            pause(*messages.front().communicator, looks++);
        } else {
            looks = 0;
        }
    }
}
}  // namespace pmkemu::nccl
