package org.panamask;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The calls that are using a model, so that closing it can wait for them.
final class Calls {
    private final String model;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition left = lock.newCondition();
    private final List<Thread> inside = new ArrayList<>();
    private volatile boolean closed;
    private boolean freed;

    Calls(String model) {
        this.model = model;
    }

    /// @throws StoppedException if the model is closed
    <T> T within(Supplier<T> call) {
        enter();
        try {
            return call.get();
        } finally {
            leave();
        }
    }

    private void enter() {
        lock.lock();
        try {
            requireOpen();
            inside.add(Thread.currentThread());
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            inside.remove(Thread.currentThread());
            left.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void requireOpen() {
        if (closed) {
            throw new StoppedException(
                    StoppedException.Reason.CLOSED, model + ": the model is closed; open it again to generate");
        }
    }

    /// Lets no call in any more, waits until all have left, and runs `free` if nobody has before.
    void close(Runnable free) {
        lock.lock();
        try {
            if (inside.contains(Thread.currentThread())) {
                throw new IllegalStateException(model + ": the model must not be closed by a listener of its own call;"
                        + " close it when the call has returned");
            }
            closed = true;
            while (!inside.isEmpty()) {
                left.awaitUninterruptibly();
            }
            if (!freed) {
                freed = true;
                free.run();
            }
        } finally {
            lock.unlock();
        }
    }
}
