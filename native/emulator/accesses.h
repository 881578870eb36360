// Accesses that the machine refuses while kernels run.
#pragma once
#include <memory>
#include "scheduler.h"

namespace pmkemu {
// From now on, once a process: those of kernels end their launch.
void take_refused_accesses();

// A stack for the signal that tells of one, as a thread that has overrun its own has none; while it lives, unless the OS
// thread has one already.
class SignalStack {
public:
    explicit SignalStack(std::unique_ptr<char[]>& memory);
    ~SignalStack();
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

private:
    bool taken = false;
};
}  // namespace pmkemu
