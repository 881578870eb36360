// Capture and graphs of the stand-in driver.
#include <thread>
#include "driver.h"

using namespace check;

namespace {
constexpr int THREAD_LOCAL = 1;

// What a call in a capture returns, and how the capture ends.
template <class Call> void expect_broken(const Call& call, int code) {
    Stream stream;
    void* graph = nullptr;
    int status = 0;
    EXPECT_OK(cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
    EXPECT_EQUAL(call(stream), code);
    EXPECT_OK(cuStreamIsCapturing(stream, &status));
    EXPECT_EQUAL(status, 2);
    EXPECT_EQUAL(cuStreamEndCapture(stream, &graph), 901);
}
}  // namespace

TEST(a_graph_reads_memory_as_it_is_when_it_runs) {
    start();
    Stream stream;
    Device<float> x(std::vector<float>(4, 1)), y(4);
    void *graph = nullptr, *executable = nullptr;
    size_t nodes = 0;
    EXPECT_OK(cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
    EXPECT_OK(launch_scale(stream, y.at, x.at, 3, 4));
    EXPECT_OK(launch_scale(stream, y.at, y.at, 2, 4));
    EXPECT_OK(cuStreamEndCapture(stream, &graph));
    EXPECT_OK(cuGraphGetNodes(graph, nullptr, &nodes));
    EXPECT_EQUAL(nodes, size_t{2});
    EXPECT(std::isnan(y.read()[0]));
    EXPECT_OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
    EXPECT_OK(cuGraphDestroy(graph));
    for (const float value : {1.f, 5.f}) {
        EXPECT_OK(cuMemcpyHtoD_v2(x.at, std::vector<float>(4, value).data(), 16));
        EXPECT_OK(cuGraphLaunch(executable, stream));
        EXPECT_EQUAL(y.read()[3], 6 * value);
    }
    EXPECT_OK(cuGraphExecDestroy(executable));
    EXPECT_EQUAL(cuGraphLaunch(executable, stream), 400);
}

TEST(what_waits_or_allocates_breaks_a_capture) {
    start();
    Device<float> x(4);
    std::vector<float> pageable(4);
    expect_broken([](void* stream) { return cuStreamSynchronize(stream); }, 900);
    expect_broken([](void* stream) { return cuStreamQuery(stream); }, 900);
    expect_broken([](void*) { return cuCtxSynchronize(); }, 900);
    expect_broken([&](void*) { return cuMemcpyDtoH_v2(pageable.data(), x.at, 16); }, 900);
    expect_broken([&](void* stream) { return cuMemcpyHtoDAsync_v2(x.at, pageable.data(), 16, stream); }, 900);
    expect_broken(
        [](void*) {
            u64 address = 0;
            return cuMemAlloc_v2(&address, 16);
        },
        900);
}

TEST(streams_join_a_capture_by_events_and_must_come_back) {
    start();
    for (const bool joined : {false, true}) {
        Stream origin, side;
        Device<float> x(std::vector<float>(4, 1)), y(4);
        void *fork = nullptr, *join = nullptr, *graph = nullptr;
        EXPECT_OK(cuEventCreate(&fork, 2));
        EXPECT_OK(cuEventCreate(&join, 2));
        EXPECT_OK(cuStreamBeginCapture_v2(origin, THREAD_LOCAL));
        EXPECT_OK(cuEventRecord(fork, origin));
        EXPECT_OK(cuStreamWaitEvent(side, fork, 0));
        EXPECT_OK(launch_scale(side, y.at, x.at, 2, 4));
        EXPECT_OK(cuEventRecord(join, side));
        if (!joined) EXPECT_OK(launch_scale(side, y.at, x.at, 2, 4));
        EXPECT_OK(cuStreamWaitEvent(origin, join, 0));
        EXPECT_EQUAL(cuStreamEndCapture(origin, &graph), joined ? 0 : 904);
        if (joined) EXPECT_OK(cuGraphDestroy(graph));
        EXPECT_OK(cuEventDestroy_v2(fork));
        EXPECT_OK(cuEventDestroy_v2(join));
    }
}

TEST(work_from_outside_cannot_be_waited_for_in_a_capture) {
    start();
    Stream outside;
    Device<float> x(4);
    void* event = nullptr;
    EXPECT_OK(cuEventCreate(&event, 2));
    EXPECT_OK(launch_scale(outside, x.at, x.at, 1, 4));
    EXPECT_OK(cuEventRecord(event, outside));
    expect_broken([&](void* stream) { return cuStreamWaitEvent(stream, event, 0); }, 905);
    EXPECT_OK(cuEventDestroy_v2(event));
}

TEST(other_threads_go_on_during_a_capture_but_cannot_end_it) {
    start();
    Stream stream;
    void* graph = nullptr;
    int ended = 0;
    EXPECT_OK(cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
    std::thread([&] {
        start();
        Device<float> x(std::vector<float>(4, 2));
        EXPECT_EQUAL(x.read()[0], 2.f);
        void* none = nullptr;
        ended = cuStreamEndCapture(stream, &none);
    }).join();
    EXPECT_EQUAL(ended, 908);
    EXPECT_OK(cuStreamEndCapture(stream, &graph));
    EXPECT_OK(cuGraphDestroy(graph));
}

TEST(an_executable_graph_takes_another_of_the_same_nodes) {
    start();
    Stream stream;
    Device<float> x(std::vector<float>(4, 1)), y(4), z(4);
    void *first = nullptr, *second = nullptr, *third = nullptr, *executable = nullptr;
    const auto capture = [&](u64 target, int times, void** graph) {
        EXPECT_OK(cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
        for (int i = 0; i < times; i++) EXPECT_OK(launch_scale(stream, target, x.at, 4, 4));
        EXPECT_OK(cuStreamEndCapture(stream, graph));
    };
    capture(y.at, 1, &first);
    capture(z.at, 1, &second);
    capture(z.at, 2, &third);
    EXPECT_OK(cuGraphInstantiateWithFlags(&executable, first, 0));
    int outcome[6] = {};
    EXPECT_OK(cuGraphExecUpdate_v2(executable, second, outcome));
    EXPECT_OK(cuGraphLaunch(executable, stream));
    EXPECT_EQUAL(z.read()[0], 4.f);
    EXPECT(std::isnan(y.read()[0]));
    EXPECT_EQUAL(cuGraphExecUpdate_v2(executable, third, outcome), 910);
    EXPECT_EQUAL(outcome[0], 2);
    for (void* graph : {first, second, third}) EXPECT_OK(cuGraphDestroy(graph));
    EXPECT_OK(cuGraphExecDestroy(executable));
}
