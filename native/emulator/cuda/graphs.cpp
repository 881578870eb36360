// Capture and graphs: a graph is the list of what was captured, run in that order.
#include "state.h"

namespace pmkemu::driver {
namespace {
enum { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };
thread_local int interaction = GLOBAL;

Graph* graph_of(void* handle) {
    const auto found = state().graphs.find(handle);
    if (found != state().graphs.end()) return found->second.get();
    fail(INVALID_HANDLE, "no graph, or one that was destroyed");
    return nullptr;
}

GraphExec* executable_of(void* handle) {
    const auto found = state().executables.find(handle);
    if (found != state().executables.end()) return found->second.get();
    fail(INVALID_HANDLE, "no executable graph, or one that was destroyed");
    return nullptr;
}
}  // namespace

Result unsafe(const char* what) {
    if (interaction == RELAXED) return SUCCESS;
    for (const auto& [handle, stream] : state().streams) {
        if (!stream->capture) continue;
        Graph& graph = *stream->capture;
        const bool mine = graph.owner == std::this_thread::get_id();
        if ((mine && graph.mode != RELAXED) || (graph.mode == GLOBAL && interaction == GLOBAL)) {
            graph.invalid = true;
            return fail(CAPTURE_UNSUPPORTED, std::string(what) + " while a stream is being captured");
        }
    }
    return SUCCESS;
}
}  // namespace pmkemu::driver

using namespace pmkemu::driver;

extern "C" {
Result cuThreadExchangeStreamCaptureMode(int* mode) {
    PMK_CUDA_READY;
    std::swap(interaction, *mode);
    return SUCCESS;
}

Result cuStreamBeginCapture_v2(void* handle, int mode) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) return fail(INVALID_VALUE, "the stream is being captured already");
    auto graph = std::make_shared<Graph>();
    graph->origin = stream;
    graph->members.insert(stream);
    graph->mode = mode;
    graph->owner = std::this_thread::get_id();
    stream->capture = std::move(graph);
    return SUCCESS;
}

Result cuStreamIsCapturing(void* handle, int* status) {
    PMK_CUDA_READY;
    const Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    return SUCCESS;
}

Result cuStreamEndCapture(void* handle, void** out) {
    PMK_CUDA_READY;
    Stream* const stream = live(handle);
    if (!stream) return INVALID_HANDLE;
    *out = nullptr;
    const std::shared_ptr<Graph> graph = stream->capture;
    if (!graph) return fail(INVALID_VALUE, "the stream is not being captured");
    if (graph->origin != stream) return fail(CAPTURE_UNMATCHED, "the capture began in another stream");
    if (graph->mode != 2 && graph->owner != std::this_thread::get_id()) {
        return fail(CAPTURE_WRONG_THREAD, "the capture began on another thread");
    }
    for (const auto& [other, each] : state().streams) {
        if (each->capture == graph) each->capture = nullptr;
    }
    for (auto& [other, event] : state().events) {
        if (event->mark && event->mark->capture == graph) event->mark = nullptr;
    }
    if (graph->invalid) return fail(CAPTURE_INVALIDATED, "a call during the capture was not allowed");
    if (!graph->unjoined.empty()) return fail(CAPTURE_UNJOINED, "work of another stream was not joined back");
    *out = graph.get();
    state().graphs[*out] = graph;
    return SUCCESS;
}

Result cuGraphInstantiateWithFlags(void** out, void* handle, unsigned long long) {
    PMK_CUDA_READY;
    const Graph* const graph = graph_of(handle);
    if (!graph) return INVALID_HANDLE;
    auto made = std::make_unique<GraphExec>();
    made->nodes = std::make_shared<std::vector<Node>>(graph->nodes);
    *out = made.get();
    state().executables[*out] = std::move(made);
    return SUCCESS;
}

Result cuGraphExecUpdate_v2(void* executable, void* handle, int* outcome) {
    PMK_CUDA_READY;
    GraphExec* const target = executable_of(executable);
    const Graph* const graph = graph_of(handle);
    if (!target || !graph) return INVALID_HANDLE;
    bool same = target->nodes->size() == graph->nodes.size();
    for (size_t i = 0; same && i < graph->nodes.size(); i++) {
        same = std::string((*target->nodes)[i].kind) == graph->nodes[i].kind;
    }
    *outcome = same ? 0 : 2;
    if (!same) return fail(910, "the graph has other nodes than the executable one");
    target->nodes = std::make_shared<std::vector<Node>>(graph->nodes);
    return SUCCESS;
}

Result cuGraphUpload(void* executable, void* stream) {
    PMK_CUDA_READY;
    return executable_of(executable) && live(stream) ? SUCCESS : INVALID_HANDLE;
}

Result cuGraphLaunch(void* executable, void* stream) {
    PMK_CUDA_READY;
    const GraphExec* const graph = executable_of(executable);
    if (!graph) return INVALID_HANDLE;
    const auto nodes = graph->nodes;
    const auto run = [nodes]() -> Result {
        state().graph_launches++;
        for (const Node& node : *nodes) {
            if (const Result bad = node.run()) return bad;
        }
        return SUCCESS;
    };
    return enqueue(stream, {run, "graph"});
}

Result cuGraphGetNodes(void* handle, void** nodes, size_t* count) {
    PMK_CUDA_READY;
    Graph* const graph = graph_of(handle);
    if (!graph) return INVALID_HANDLE;
    if (nodes) {
        for (size_t i = 0; i < *count && i < graph->nodes.size(); i++) nodes[i] = &graph->nodes[i];
    }
    *count = graph->nodes.size();
    return SUCCESS;
}

Result cuGraphDestroy(void* handle) {
    PMK_CUDA_READY;
    return state().graphs.erase(handle) ? SUCCESS : fail(INVALID_HANDLE, "no graph, or one that was destroyed");
}

Result cuGraphExecDestroy(void* handle) {
    PMK_CUDA_READY;
    return state().executables.erase(handle) ? SUCCESS
                                             : fail(INVALID_HANDLE, "no executable graph, or one that was destroyed");
}
}
