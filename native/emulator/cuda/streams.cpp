// Streams and events.
#include "state.h"

namespace pmkemu::driver {
namespace {
Event* event_of(void* event) {
    const auto found = state().events.find(event);
    if (found != state().events.end()) return found->second.get();
    fail(INVALID_HANDLE, "no event, or one that was destroyed");
    return nullptr;
}

// An event of a capture brings the stream that waits for it into the capture, and its own stream back.
Result wait_in_capture(Stream& stream, const Mark& mark) {
    Graph& graph = *mark.capture;
    if (!stream.capture) {
        stream.capture = mark.capture;
        graph.members.insert(&stream);
    }
    if (stream.capture != mark.capture) return fail(902, "the event belongs to another capture");
    if (mark.stream->captured == mark.captured_at) graph.unjoined.erase(mark.stream);
    if (&stream != graph.origin) {
        stream.captured++;
        graph.unjoined.insert(&stream);
    }
    return SUCCESS;
}

// A stream must not vanish while others know it.
void forget(Stream* stream) {
    for (auto& [handle, event] : state().events) {
        if (event->mark && event->mark->stream == stream) event->mark->stream = nullptr;
    }
}
}  // namespace
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuStreamCreateWithPriority(void** handle, unsigned flags, int) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    if (flags > 1) return fail(INVALID_VALUE, "flags of a stream are 0 or 1");
    auto stream = std::make_unique<Stream>();
    stream->device = bound_device();
    *handle = stream.get();
    state().streams[*handle] = std::move(stream);
    return SUCCESS;
}

Result cuStreamCreate(void** handle, unsigned flags) { return cuStreamCreateWithPriority(handle, flags, 0); }

Result cuStreamDestroy_v2(void* handle) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) stream->capture->invalid = true;
    const Result result = drain(*stream);
    discard(*stream);
    forget(stream);
    state().streams.erase(handle);
    return result;
}

Result cuStreamSynchronize(void* handle) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) {
        stream->capture->invalid = true;
        return fail(CAPTURE_UNSUPPORTED, "cuStreamSynchronize of a stream that is being captured");
    }
    if (const Result refused = unsafe("cuStreamSynchronize")) return refused;
    state().waits++;
    return drain(*stream);
}

Result cuStreamQuery(void* handle) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) {
        stream->capture->invalid = true;
        return fail(CAPTURE_UNSUPPORTED, "cuStreamQuery of a stream that is being captured");
    }
    if (const Result bad = step(*stream)) return bad;
    return stream->queue.empty() && !stream->draining ? SUCCESS : NOT_READY;
}

Result cuStreamWaitEvent(void* handle, void* event, unsigned) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    Event* const found = event_of(event);
    if (!stream || !found) return INVALID_HANDLE;
    const std::shared_ptr<Mark> mark = found->mark;
    if (!mark) return SUCCESS;
    if (mark->capture) return wait_in_capture(*stream, *mark);
    if (stream->capture) {
        stream->capture->invalid = true;
        return fail(CAPTURE_ISOLATION, "a wait in a capture for an event that was recorded outside");
    }
    return mark->done ? SUCCESS : enqueue(handle, {nullptr, "wait", false, nullptr, mark});
}

Result cuEventCreate(void** handle, unsigned flags) {
    PMK_CUDA_READY;
    if (!bound_device()) return fail(INVALID_CONTEXT, "this thread has no context");
    auto event = std::make_unique<Event>(Event{flags, nullptr});
    *handle = event.get();
    state().events[*handle] = std::move(event);
    return SUCCESS;
}

Result cuEventDestroy_v2(void* handle) {
    PMK_CUDA_READY;
    if (!event_of(handle)) return INVALID_HANDLE;
    state().events.erase(handle);
    return SUCCESS;
}

Result cuEventRecord(void* handle, void* on) {
    PMK_CUDA_READY;
    Event* const event = event_of(handle);
    Stream* const stream = live(on);
    if (!event || !stream) return INVALID_HANDLE;
    const auto mark = std::make_shared<Mark>();
    mark->stream = stream;
    event->mark = mark;
    if (stream->capture) {
        mark->capture = stream->capture;
        mark->captured_at = stream->captured;
        return SUCCESS;
    }
    return enqueue(on, {nullptr, "record", false, mark, nullptr});
}

Result cuEventSynchronize(void* handle) {
    PMK_CUDA_READY;
    Event* const event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    if (!event->mark) return SUCCESS;
    if (event->mark->capture) return fail(CAPTURE_UNSUPPORTED, "cuEventSynchronize of an event of a capture");
    if (const Result refused = unsafe("cuEventSynchronize")) return refused;
    state().waits++;
    return finish(event->mark);
}

Result cuEventQuery(void* handle) {
    PMK_CUDA_READY;
    Event* const event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    const std::shared_ptr<Mark> mark = event->mark;
    if (!mark || mark->done) return SUCCESS;
    if (mark->capture) return fail(CAPTURE_UNSUPPORTED, "cuEventQuery of an event of a capture");
    if (!mark->stream) return SUCCESS;
    if (const Result bad = step(*mark->stream)) return bad;
    return mark->done ? SUCCESS : NOT_READY;
}

Result cuEventElapsedTime(float* milliseconds, void* from, void* to) {
    PMK_CUDA_READY;
    Event *const first = event_of(from), *const second = event_of(to);
    if (!first || !second) return INVALID_HANDLE;
    if (!first->mark || !second->mark) return fail(INVALID_HANDLE, "an event that was never recorded");
    if ((first->flags | second->flags) & 2) return fail(INVALID_HANDLE, "an event made without timing");
    if (!first->mark->done || !second->mark->done) return NOT_READY;
    *milliseconds = static_cast<float>(second->mark->milliseconds - first->mark->milliseconds);
    return SUCCESS;
}
}
