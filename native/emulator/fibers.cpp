// Stacks and the switch between them.
#include <pthread.h>
#include <sys/mman.h>
#include <new>
#include "scheduler.h"
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace pmkemu {
#if defined(__x86_64__)
// Saves the registers that a call keeps on the old stack and takes those of the new one.
extern "C" void pmkemu_switch(void** save, void* load);
asm(R"(
.text
.globl pmkemu_switch
.hidden pmkemu_switch
.type pmkemu_switch,@function
pmkemu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size pmkemu_switch,.-pmkemu_switch
)");
#else
struct Context {
    ucontext_t registers;
};
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t STACK_BYTES = 512 << 10;
#else
constexpr size_t STACK_BYTES = 128 << 10;
#endif
constexpr size_t PAGE_BYTES = 4096;

Fiber::Fiber() : context(std::make_unique<Context>()) {}

Fiber::~Fiber() {
    if (!stack || borrowed) return;
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(sanitizer);
#endif
    munmap(stack, stack_bytes);
}

struct FiberSwitch {
    static void to(Fiber& from, Fiber& next) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(&from.sanitizer, next.stack, next.stack_bytes);
#endif
#if defined(__SANITIZE_THREAD__)
        __tsan_switch_to_fiber(next.sanitizer, 0);
#endif
#if defined(__x86_64__)
        pmkemu_switch(&from.context->stack_pointer, next.context->stack_pointer);
#else
        swapcontext(&from.context->registers, &next.context->registers);
#endif
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(from.sanitizer, nullptr, nullptr);
#endif
    }

    static void start() {
        Fiber* const fiber = static_cast<Strand*>(current)->fiber;
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
        worker->fiber_loop(fiber);
    }

    static void allocate(Fiber& fiber, unsigned number) {
        void* memory = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        mprotect(memory, PAGE_BYTES, PROT_NONE);
        fiber.stack = static_cast<char*>(memory);
        fiber.stack_bytes = STACK_BYTES;
        // The lanes of a warp must not all have their frames in the same sets of the first cache.
        fiber.colour = (number & 31) * 128;
#if defined(__SANITIZE_THREAD__)
        fiber.sanitizer = __tsan_create_fiber(0);
#endif
    }

    static void prepare(Fiber& fiber) {
#if defined(__SANITIZE_ADDRESS__)
        // A stack that was given up keeps its poisoned red zones.
        __asan_unpoison_memory_region(fiber.stack + PAGE_BYTES, fiber.stack_bytes - PAGE_BYTES);
#endif
#if defined(__x86_64__)
        void** top = reinterpret_cast<void**>(fiber.stack + fiber.stack_bytes - fiber.colour);
        // A return address that nobody uses keeps the alignment of the calling convention.
        *--top = nullptr;
        *--top = reinterpret_cast<void*>(&FiberSwitch::start);
        for (int i = 0; i < 6; i++) *--top = nullptr;
        fiber.context->stack_pointer = top;
#else
        ucontext_t& registers = fiber.context->registers;
        getcontext(&registers);
        registers.uc_stack.ss_sp = fiber.stack;
        registers.uc_stack.ss_size = fiber.stack_bytes - fiber.colour;
        registers.uc_link = nullptr;
        makecontext(&registers, &FiberSwitch::start, 0);
#endif
        fiber.fresh = false;
    }
};

// The sanitizer must know the stack that a fiber returns to: that of the OS thread, which is not always the same.
void Worker::borrow_stack() {
#if defined(__SANITIZE_ADDRESS__)
    pthread_attr_t attributes;
    void* bottom;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &bottom, &main.stack_bytes);
    pthread_attr_destroy(&attributes);
    main.stack = static_cast<char*>(bottom);
    main.borrowed = true;
#endif
#if defined(__SANITIZE_THREAD__)
    main.sanitizer = __tsan_get_current_fiber();
#endif
}

Fiber* Worker::idle_fiber() {
    if (idle.empty()) {
        fibers.push_back(std::make_unique<Fiber>());
        FiberSwitch::allocate(*fibers.back(), static_cast<unsigned>(fibers.size()));
        idle.push_back(fibers.back().get());
    }
    Fiber* const fiber = idle.back();
    idle.pop_back();
    if (fiber->fresh) FiberSwitch::prepare(*fiber);
    return fiber;
}

void Worker::go_to(Strand* next, Fiber* from) {
    switches++;
    if (!next) {
        current = nullptr;
        FiberSwitch::to(*from, main);
        return;
    }
    if (!next->fiber) {
        next->fiber = idle_fiber();
        next->fiber->strand = next;
    }
    current = next;
    FiberSwitch::to(*from, *next->fiber);
}

// A thread that ends leaves its stack to the next one that has not begun: threads that never wait need no switch.
void Worker::fiber_loop(Fiber* fiber) {
    for (;;) {
        Strand* const strand = fiber->strand;
        launch->kernel->thunk(launch->arguments);
        strand->done = true;
        strand->fiber = nullptr;
        live--;
        warps[strand->warp].live &= ~(1u << strand->lane);
        Strand* const next = error.empty() ? pick() : nullptr;
        if (next && !next->fiber) {
            next->fiber = fiber;
            fiber->strand = next;
            current = next;
        } else {
            idle.push_back(fiber);
            go_to(next, fiber);
        }
    }
}

void Worker::wait(const char* why) {
    Strand* const strand = static_cast<Strand*>(current);
    strand->waits = why;
    Strand* const next = error.empty() ? pick() : nullptr;
    if (next != strand) go_to(next, strand->fiber);
    strand->waits = nullptr;
}
}  // namespace pmkemu
