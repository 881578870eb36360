// The stand-in driver: when work runs, what is refused, and what is found out about memory.
#include "driver.h"

using namespace check;

TEST(work_waits_until_something_waits_for_it) {
    start();
    Stream stream;
    Device<float> x(std::vector<float>(8, 3)), y(8);
    Pinned<float> out(8);
    out[7] = -1;
    EXPECT_OK(launch_scale(stream, y.at, x.at, 2, 8));
    EXPECT_OK(cuMemcpyDtoHAsync_v2(out.at, y.at, 32, stream));
    EXPECT_EQUAL(out[7], -1.f);
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQUAL(out[7], 6.f);
}

TEST(without_an_event_another_stream_sees_old_data) {
    start();
    for (const bool with_event : {false, true}) {
        Stream producer, consumer;
        Device<float> x(std::vector<float>(4, 1)), y(4);
        Pinned<float> out(4);
        void* event = nullptr;
        EXPECT_OK(cuEventCreate(&event, 2));
        EXPECT_OK(launch_scale(producer, y.at, x.at, 5, 4));
        EXPECT_OK(cuEventRecord(event, producer));
        if (with_event) EXPECT_OK(cuStreamWaitEvent(consumer, event, 0));
        EXPECT_OK(cuMemcpyDtoHAsync_v2(out.at, y.at, 16, consumer));
        EXPECT_OK(cuStreamSynchronize(consumer));
        EXPECT(with_event ? out[0] == 5 : std::isnan(out[0]));
        EXPECT_OK(cuEventDestroy_v2(event));
    }
}

TEST(an_event_is_reached_step_by_step) {
    start();
    Stream stream;
    Device<float> x(std::vector<float>(4, 1)), y(4);
    void *before = nullptr, *after = nullptr;
    EXPECT_OK(cuEventCreate(&before, 0));
    EXPECT_OK(cuEventCreate(&after, 0));
    EXPECT_OK(cuEventRecord(before, stream));
    EXPECT_OK(launch_scale(stream, y.at, x.at, 2, 4));
    EXPECT_OK(launch_scale(stream, y.at, y.at, 2, 4));
    EXPECT_OK(cuEventRecord(after, stream));
    float milliseconds = -1;
    EXPECT_EQUAL(cuEventElapsedTime(&milliseconds, before, after), 600);
    EXPECT_EQUAL(cuEventQuery(after), 600);
    EXPECT_OK(cuEventSynchronize(after));
    EXPECT_OK(cuEventElapsedTime(&milliseconds, before, after));
    EXPECT(milliseconds >= 0);
    EXPECT_OK(cuEventDestroy_v2(before));
    EXPECT_OK(cuEventDestroy_v2(after));
}

TEST(pageable_memory_is_read_at_the_call_and_written_before_it_returns) {
    start();
    Stream stream;
    Device<float> x(4);
    std::vector<float> in(4, 7), out(4);
    EXPECT_OK(cuMemcpyHtoDAsync_v2(x.at, in.data(), 16, stream));
    in.assign(4, 8);
    EXPECT_OK(cuMemcpyDtoHAsync_v2(out.data(), x.at, 16, stream));
    EXPECT_EQUAL(out[3], 7.f);
}

TEST(pinned_memory_is_read_when_the_copy_runs) {
    start();
    Stream stream;
    Device<float> x(4);
    Pinned<float> in(4);
    in[0] = 7;
    EXPECT_OK(cuMemcpyHtoDAsync_v2(x.at, in.at, 16, stream));
    in[0] = 8;
    EXPECT_EQUAL(x.read()[0], 8.f);
}

TEST(copies_outside_allocations_are_refused) {
    start();
    Stream stream;
    Device<float> x(4);
    std::vector<float> host(8);
    EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(x.at, host.data(), 20, stream), 1);
    EXPECT_TEXT(pmkEmuDetail(), "20 bytes to what is not inside one live device allocation");
    EXPECT_EQUAL(cuMemcpyDtoHAsync_v2(host.data(), x.at + 4, 16, stream), 1);
    EXPECT_EQUAL(cuMemsetD32Async(x.at, 0, 5, stream), 1);
    EXPECT_EQUAL(cuMemFree_v2(x.at + 4), 1);
}

TEST(memory_that_is_freed_under_way_is_an_error) {
    start();
    Stream first, second;
    u64 x = 0;
    Pinned<float> host(4);
    EXPECT_OK(cuMemAlloc_v2(&x, 16));
    EXPECT_OK(cuMemcpyDtoHAsync_v2(host.at, x, 16, first));
    EXPECT_OK(cuMemFreeAsync(x, second));
    EXPECT_OK(cuStreamSynchronize(second));
    EXPECT_EQUAL(cuStreamSynchronize(first), 700);
    EXPECT_EQUAL(cuCtxSynchronize(), 700);
    recover();
    EXPECT_OK(cuCtxSynchronize());
}

TEST(writing_past_an_allocation_is_found_after_the_kernel) {
    start();
    Stream stream;
    Device<float> x(std::vector<float>(64, 1));
    u64 y = 0;
    EXPECT_OK(cuMemAlloc_v2(&y, 63 * 4));
    EXPECT_OK(launch_scale(stream, y, x.at, 2, 64));
    EXPECT_EQUAL(cuStreamSynchronize(stream), 700);
    EXPECT_TEXT(pmkEmuDetail(), "scale wrote past the end of a device allocation of 252 bytes");
    recover();
    EXPECT(cuMemFree_v2(y) != 0);
}

#if defined(__x86_64__)
TEST(a_kernel_that_reads_freed_memory_is_an_error_and_not_the_end_of_the_process) {
    start();
    Stream stream, other;
    u64 x = 0;
    Device<float> y(64);
    EXPECT_OK(cuMemAlloc_v2(&x, 1 << 21));
    EXPECT_OK(launch_scale(stream, y.at, x, 2, 64));
    EXPECT_OK(cuMemFreeAsync(x, other));
    EXPECT_OK(cuStreamSynchronize(other));
    EXPECT_EQUAL(cuStreamSynchronize(stream), 700);
    EXPECT_TEXT(pmkEmuDetail(), " of block (0, 0, 0) accessed 0x");
    EXPECT_TEXT(pmkEmuDetail(), "where there is no memory, ");
    recover();
    EXPECT_OK(cuCtxSynchronize());
}
#endif

TEST(fresh_memory_is_nan_however_large) {
    start();
    for (const size_t count : {size_t{100}, size_t{5} << 20}) {
        Device<float> x(count);
        Stream stream;
        Pinned<float> out(1);
        EXPECT_OK(cuMemcpyDtoHAsync_v2(out.at, x.at + (count - 1) * 4, 4, stream));
        EXPECT_OK(cuStreamSynchronize(stream));
        EXPECT(std::isnan(out[0]));
    }
}

TEST(memory_ends_where_it_was_told_to_and_is_counted) {
    start();
    const u64 bytes = pmkEmuCounter("bytes"), live = pmkEmuCounter("allocations");
    pmkEmuMemory(bytes + 1000);
    pmkEmuResetPeak();
    u64 x = 0, y = 0;
    size_t free = 0, total = 0;
    EXPECT_OK(cuMemAlloc_v2(&x, 600));
    EXPECT_EQUAL(cuMemAlloc_v2(&y, 600), 2);
    EXPECT_OK(cuMemGetInfo_v2(&free, &total));
    EXPECT_EQUAL(free, size_t{400});
    EXPECT_EQUAL(pmkEmuCounter("allocations"), live + 1);
    EXPECT_OK(cuMemFree_v2(x));
    EXPECT_EQUAL(pmkEmuCounter("bytes"), bytes);
    EXPECT_EQUAL(pmkEmuCounter("peakBytes"), bytes + 600);
    pmkEmuMemory(0);
}

TEST(the_default_stream_and_dead_handles_are_refused) {
    start();
    Device<float> x(64);
    EXPECT_EQUAL(launch_scale(nullptr, x.at, x.at, 1, 64), 400);
    void *stream = nullptr, *event = nullptr;
    EXPECT_OK(cuStreamCreateWithPriority(&stream, 1, 0));
    EXPECT_OK(cuEventCreate(&event, 2));
    EXPECT_OK(cuStreamDestroy_v2(stream));
    EXPECT_EQUAL(launch_scale(stream, x.at, x.at, 1, 64), 400);
    EXPECT_EQUAL(cuEventRecord(event, stream), 400);
    EXPECT_OK(cuEventDestroy_v2(event));
    EXPECT_EQUAL(cuEventQuery(event), 400);
}

TEST(launches_are_held_to_the_limits_of_the_device) {
    start();
    Stream stream;
    Device<float> x(64);
    float by = 1;
    int n = 64;
    void* arguments[] = {&x.at, &x.at, &by, &n};
    void* const kernel = scale_kernel();
    EXPECT_EQUAL(cuLaunchKernel(kernel, 1, 1, 1, 64, 1, 1, 60000, stream, arguments, nullptr), 1);
    EXPECT_TEXT(pmkEmuDetail(), "60000 bytes of dynamic shared memory");
    EXPECT_EQUAL(cuFuncSetAttribute(kernel, 8, 101377), 1);
    EXPECT_OK(cuFuncSetAttribute(kernel, 8, 60000));
    EXPECT_OK(cuLaunchKernel(kernel, 1, 1, 1, 64, 1, 1, 60000, stream, arguments, nullptr));
    EXPECT_EQUAL(cuLaunchKernel(kernel, 1, 1, 1, 65, 1, 1, 0, stream, arguments, nullptr), 1);
    EXPECT_EQUAL(cuLaunchKernel(kernel, 1, 65536, 1, 64, 1, 1, 0, stream, arguments, nullptr), 1);
    EXPECT_OK(cuStreamSynchronize(stream));
}

TEST(compilation_reports_errors_and_modules_what_they_lack) {
    start();
    std::vector<char> image;
    std::string log;
    EXPECT_EQUAL(compile("#include \"pmk.cuh\"\nPMK_EXPORT void broken() { undeclared(); }\n", image, log), 6);
    EXPECT_TEXT(log, "undeclared");
    EXPECT_OK(compile("#include \"pmk.cuh\"\nPMK_EXPORT void one() {}\nPMK_REGISTER(one)\n", image, log));
    void *module = nullptr, *function = nullptr;
    EXPECT_OK(cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr));
    EXPECT_OK(cuModuleGetFunction(&function, module, "one"));
    EXPECT_EQUAL(cuModuleGetFunction(&function, module, "two"), 500);
    EXPECT_OK(cuModuleUnload(module));
    EXPECT_EQUAL(cuModuleGetFunction(&function, module, "one"), 400);
    image[0] = 0x7f;
    EXPECT_EQUAL(cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr), 200);
}

TEST(the_chosen_call_fails_and_the_next_works) {
    start();
    pmkEmuFail("memory", 2, 2);
    u64 x = 0, y = 0;
    EXPECT_OK(cuMemAlloc_v2(&x, 16));
    EXPECT_EQUAL(cuMemAlloc_v2(&y, 16), 2);
    EXPECT_OK(cuMemAlloc_v2(&y, 16));
    EXPECT_OK(cuMemFree_v2(x));
    EXPECT_OK(cuMemFree_v2(y));
    pmkEmuFail("nvrtcCompileProgram", 1, 11);
    std::vector<char> image;
    std::string log;
    EXPECT_EQUAL(compile("", image, log), 11);
}
