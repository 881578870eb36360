// The stand-in of NCCL: two ranks as threads with a device each, and a rank that dies.
#include <sys/wait.h>
#include <unistd.h>
#include <thread>
#include "driver.h"

struct UniqueId {
    char internal[128];
};
extern "C" {
int ncclGetUniqueId(UniqueId*);
int ncclCommInitRank(void**, int, UniqueId, int);
int ncclCommDestroy(void*);
int ncclCommAbort(void*);
int ncclCommGetAsyncError(void*, int*);
int ncclCommSplit(void*, int, int, void**, void*);
int ncclCommCount(void*, int*);
int ncclGroupStart();
int ncclGroupEnd();
int ncclAllReduce(const void*, void*, size_t, int, int, void*, void*);
int ncclReduceScatter(const void*, void*, size_t, int, int, void*, void*);
int ncclAllGather(const void*, void*, size_t, int, void*, void*);
int ncclBroadcast(const void*, void*, size_t, int, int, void*, void*);
int ncclReduce(const void*, void*, size_t, int, int, int, void*, void*);
int ncclSend(const void*, size_t, int, int, void*, void*);
int ncclRecv(void*, size_t, int, int, void*, void*);
}

using namespace check;

namespace {
enum { F32 = 7, BF16 = 9, SUM = 0, MAX = 2, AVG = 4 };

// Runs `body(rank, communicator, stream)` on two threads that are ranks 0 and 1.
template <class Body> void as_two_ranks(const Body& body) {
    UniqueId id;
    EXPECT_OK(ncclGetUniqueId(&id));
    const auto run = [&](int rank) {
        start(rank);
        Stream stream;
        void* communicator = nullptr;
        EXPECT_OK(ncclCommInitRank(&communicator, 2, id, rank));
        body(rank, communicator, stream);
        EXPECT_OK(cuStreamSynchronize(stream));
        EXPECT_OK(ncclCommDestroy(communicator));
    };
    std::thread other([&] { run(1); });
    run(0);
    other.join();
}
}  // namespace

TEST(all_ranks_receive_the_same_reduction) {
    as_two_ranks([](int rank, void* communicator, void* stream) {
        constexpr size_t COUNT = 100000;
        Device<float> x(std::vector<float>(COUNT, rank + 1.f)), y(COUNT);
        for (const int reduction : {SUM, MAX, AVG}) {
            EXPECT_OK(ncclAllReduce(x.pointer(), y.pointer(), COUNT, F32, reduction, communicator, stream));
            const float expected = reduction == SUM ? 3.f : reduction == MAX ? 2.f : 1.5f;
            EXPECT_EQUAL(y.read()[COUNT - 1], expected);
        }
        bf16 two;
        pmk_from_f32(2.f + static_cast<float>(rank), two);
        Device<bf16> h(std::vector<bf16>(8, two));
        EXPECT_OK(ncclAllReduce(h.pointer(), h.pointer(), 8, BF16, AVG, communicator, stream));
        EXPECT_EQUAL(at(h.read(), 7), 2.5);
    });
}

TEST(shards_are_scattered_and_gathered_in_place) {
    as_two_ranks([](int rank, void* communicator, void* stream) {
        Device<float> all(std::vector<float>{1, 2, 3, 4});
        float* const own = all.pointer() + 2 * rank;
        EXPECT_OK(ncclReduceScatter(all.pointer(), own, 2, F32, SUM, communicator, stream));
        EXPECT_OK(ncclAllGather(own, all.pointer(), 2, F32, communicator, stream));
        const std::vector<float> out = all.read();
        for (int i = 0; i < 4; i++) EXPECT_EQUAL(out[i], 2.f * (i + 1));
    });
}

TEST(one_rank_sends_to_all_and_all_to_one) {
    as_two_ranks([](int rank, void* communicator, void* stream) {
        Device<float> x(std::vector<float>(4, rank + 1.f)), y(4);
        EXPECT_OK(ncclReduce(x.pointer(), y.pointer(), 4, F32, SUM, 1, communicator, stream));
        EXPECT(rank == 1 ? y.read()[0] == 3 : std::isnan(y.read()[0]));
        EXPECT_OK(ncclBroadcast(y.pointer(), y.pointer(), 4, F32, 1, communicator, stream));
        EXPECT_EQUAL(y.read()[3], 3.f);
    });
}

TEST(messages_cross_in_a_group) {
    as_two_ranks([](int rank, void* communicator, void* stream) {
        constexpr size_t COUNT = 200000;
        Device<float> x(std::vector<float>(COUNT, rank + 1.f)), y(COUNT);
        EXPECT_OK(ncclGroupStart());
        EXPECT_OK(ncclSend(x.pointer(), COUNT, F32, 1 - rank, communicator, stream));
        EXPECT_OK(ncclRecv(y.pointer(), COUNT, F32, 1 - rank, communicator, stream));
        EXPECT_OK(ncclGroupEnd());
        EXPECT_EQUAL(y.read()[COUNT - 1], 2.f - rank);
    });
}

TEST(a_communicator_is_split) {
    as_two_ranks([](int rank, void* communicator, void*) {
        void *together = nullptr, *alone = nullptr;
        int ranks = 0;
        EXPECT_OK(ncclCommSplit(communicator, 7, -rank, &together, nullptr));
        EXPECT_OK(ncclCommCount(together, &ranks));
        EXPECT_EQUAL(ranks, 2);
        EXPECT_OK(ncclCommSplit(communicator, rank, 0, &alone, nullptr));
        EXPECT_OK(ncclCommCount(alone, &ranks));
        EXPECT_EQUAL(ranks, 1);
        EXPECT_OK(ncclCommDestroy(together));
        EXPECT_OK(ncclCommDestroy(alone));
    });
}

TEST(the_death_of_a_rank_is_seen_and_the_wait_for_it_can_be_ended) {
    UniqueId id;
    EXPECT_OK(ncclGetUniqueId(&id));
    const pid_t child = fork();
    start();
    void* communicator = nullptr;
    if (ncclCommInitRank(&communicator, 2, id, child ? 0 : 1)) _exit(1);
    if (!child) _exit(0);
    EXPECT_EQUAL(waitpid(child, nullptr, 0), child);
    Stream stream;
    Device<float> x(4);
    EXPECT_OK(ncclAllReduce(x.pointer(), x.pointer(), 4, F32, SUM, communicator, stream));
    EXPECT_EQUAL(cuStreamQuery(stream), 600);
    std::thread watchdog([&] {
        int error = 0;
        while (!error) {
            EXPECT_OK(ncclCommGetAsyncError(communicator, &error));
            usleep(1000);
        }
        EXPECT_EQUAL(error, 6);
        EXPECT_OK(ncclCommAbort(communicator));
    });
    EXPECT_OK(cuStreamSynchronize(stream));
    watchdog.join();
}
