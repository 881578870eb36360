// An access of a kernel that the machine refuses, to where there is no memory or past the end of a thread's stack, is an
// error of the launch, as on a GPU, and not the end of the process. Those of others go to whoever took them before, such
// as the JVM. In a sanitizer build the sanitizer reports them.
#include "accesses.h"
#include <signal.h>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PMK_ACCESSES_ARE_TAKEN
#include <ucontext.h>
#endif

namespace pmkemu {
#if defined(PMK_ACCESSES_ARE_TAKEN)
namespace {
constexpr size_t SIGNAL_STACK_BYTES = 64 << 10;
struct sigaction violations_before, bus_errors_before;

void give_up() { worker->give_up(); }

void pass_on(int signal, siginfo_t* facts, void* context) {
    const struct sigaction& before = signal == SIGBUS ? bus_errors_before : violations_before;
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(signal, facts, context);
    } else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) {
        // The access is tried again, and ends the process.
        sigaction(signal, &before, nullptr);
    } else {
        before.sa_handler(signal);
    }
}

void on_refusal(int signal, siginfo_t* facts, void* context) {
    const Fiber* const fiber = current ? static_cast<Strand*>(current)->fiber : nullptr;
    if (!fiber) {
        pass_on(signal, facts, context);
        return;
    }
    worker->refused = reinterpret_cast<u64>(facts->si_addr);
    // The thread goes on in `give_up`, as if it had been called, on its stack begun anew: that may be what was overrun.
    greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const greg_t top = reinterpret_cast<greg_t>(fiber->stack + fiber->stack_bytes);
    registers[REG_RSP] = (top & ~greg_t{15}) - static_cast<greg_t>(sizeof(void*));
    registers[REG_RIP] = reinterpret_cast<greg_t>(&give_up);
}
}  // namespace

void take_refused_accesses() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = on_refusal;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigaction(SIGSEGV, nullptr, &violations_before);
        action.sa_mask = violations_before.sa_mask;
        sigaction(SIGSEGV, &action, nullptr);
        sigaction(SIGBUS, &action, &bus_errors_before);
    });
}

SignalStack::SignalStack(std::unique_ptr<char[]>& memory) {
    stack_t present{};
    if (sigaltstack(nullptr, &present) || !(present.ss_flags & SS_DISABLE)) return;
    if (!memory) memory.reset(new char[SIGNAL_STACK_BYTES]);
    stack_t own{};
    own.ss_sp = memory.get();
    own.ss_size = SIGNAL_STACK_BYTES;
    taken = !sigaltstack(&own, nullptr);
}

SignalStack::~SignalStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (taken) sigaltstack(&none, nullptr);
}
#else
void take_refused_accesses() {}
SignalStack::SignalStack(std::unique_ptr<char[]>&) {}
SignalStack::~SignalStack() = default;
#endif

void Worker::give_up() {
    const Strand& strand = *static_cast<Strand*>(current);
    const u64 stack = reinterpret_cast<u64>(strand.fiber->stack);
    char where[160];
    std::snprintf(where, sizeof where, "thread (%u, %u, %u) of block (%u, %u, %u)", strand.thread.x, strand.thread.y,
                  strand.thread.z, strand.block.x, strand.block.y, strand.block.z);
    if (refused >= stack && refused < stack + strand.fiber->stack_bytes) {
        refused = 0;
        fail(std::string(where) + " needs more than " + std::to_string(strand.fiber->stack_bytes) + " bytes of stack");
    } else {
        char address[32];
        std::snprintf(address, sizeof address, "0x%llx", refused);
        fail(std::string(where) + " accessed " + address + ", where there is no memory");
    }
    wait("error");
    std::abort();
}
}  // namespace pmkemu
