// The collectives, as work of a stream: each moves its data through the windows piece by piece.
#pragma once
#include <functional>
#include <vector>
#include "segment.h"

namespace pmkemu::nccl {
struct Operation {
    const u8* from;
    u8* to;
    size_t count;
    int type, reduction, root;
};
using Step = void (*)(Communicator&, const Operation&);
void all_reduce(Communicator& communicator, const Operation& operation);
void reduce_scatter(Communicator& communicator, const Operation& operation);
void all_gather(Communicator& communicator, const Operation& operation);
void broadcast(Communicator& communicator, const Operation& operation);
void reduce_to_root(Communicator& communicator, const Operation& operation);

// Messages between two ranks. One group's sends and receives go on together, a piece at a time, as each can.
struct Message {
    Communicator* communicator;
    u8* data;
    size_t bytes;
    int peer;
    bool sends;
    size_t done = 0;
    bool step();
};
void exchange(std::vector<Message>& messages);
}  // namespace pmkemu::nccl
