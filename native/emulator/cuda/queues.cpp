// Streams are lazy queues: work runs when something must wait for it, so that a missing event or synchronisation shows
// as stale data, and always the same.
#include "state.h"

namespace pmkemu::driver {
namespace {
Result perform(Work& work) {
    if (work.wait) {
        if (const Result bad = finish(work.wait)) return bad;
    }
    if (work.run) {
        if (const Result bad = work.run()) return bad;
    }
    if (work.record) {
        work.record->done = true;
        work.record->milliseconds = now();
    }
    return SUCCESS;
}

// The next thing of a stream that nobody else is running.
Result one(Stream& stream) {
    Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    stream.draining = true;
    const Result result = perform(work);
    stream.draining = false;
    if (result) make_sticky(result);
    state().changed.notify_all();
    return result;
}

Result note_in_capture(Stream& stream, Work work) {
    Graph& graph = *stream.capture;
    if (graph.invalid) return fail(CAPTURE_INVALIDATED, "the capture failed before");
    stream.captured++;
    graph.nodes.push_back({work.kind, std::move(work.run)});
    if (&stream != graph.origin) graph.unjoined.insert(&stream);
    return SUCCESS;
}
}  // namespace

Stream* live(void* stream) {
    const auto found = state().streams.find(stream);
    if (found != state().streams.end()) return found->second.get();
    fail(INVALID_HANDLE, stream ? "no stream, or one that was destroyed"
                                : "work on the default stream, which does not order with the others");
    return nullptr;
}

Result enqueue(void* handle, Work work) {
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) return note_in_capture(*stream, std::move(work));
    stream->queue.push_back(std::move(work));
    return state().eager ? drain(*stream) : SUCCESS;
}

Result drain(Stream& stream, const Mark* until) {
    while (!(until && until->done)) {
        if (stream.draining) {
            wait_for_change();
            if (state().sticky) return fail(state().sticky, state().sticky_detail);
        } else if (stream.queue.empty()) {
            break;
        } else if (const Result bad = one(stream)) {
            return bad;
        }
    }
    return SUCCESS;
}

Result drain_device(Device* device) {
    state().waits++;
    std::vector<void*> handles;
    for (const auto& [handle, stream] : state().streams) {
        if ((!device || stream->device == device) && !stream->capture) handles.push_back(handle);
    }
    for (void* handle : handles) {
        const auto found = state().streams.find(handle);
        if (found == state().streams.end()) continue;
        if (const Result bad = drain(*found->second)) return bad;
    }
    return SUCCESS;
}

Result finish(const std::shared_ptr<Mark>& mark) {
    return mark->done || !mark->stream ? SUCCESS : drain(*mark->stream, mark.get());
}

void discard(Stream& stream) {
    for (Work& work : stream.queue) {
        if (work.record) work.record->done = true;
    }
    stream.queue.clear();
}

Result step(Stream& stream) {
    if (stream.draining || stream.queue.empty() || stream.queue.front().waits) return SUCCESS;
    return one(stream);
}
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
int pmkEmuEnqueue(void* stream, const char* kind, bool waits, void (*work)(void*), void* data, void (*drop)(void*)) {
    const std::shared_ptr<void> owned(data, drop);
    const Guard guard;
    if (const Result refused = ready()) return refused;
    const auto run = [=]() -> Result {
        work(owned.get());
        return check_ends(kind);
    };
    return enqueue(stream, {run, kind, waits});
}

void pmkEmuOutside(void (*work)(void*), void* data) {
    outside([=] { work(data); });
}
}
