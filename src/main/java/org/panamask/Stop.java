package org.panamask;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;

/// Passes that go on until somebody says stop.
final class Stop implements Passes {
    private final Passes passes;
    private final Calls calls;
    private final Optional<Duration> allowed;
    private final long start = System.nanoTime();
    private volatile boolean cancelled;
    private final AtomicInteger ran = new AtomicInteger();

    Stop(Passes passes, Calls calls, Optional<Duration> allowed) {
        this.passes = passes;
        this.calls = calls;
        this.allowed = allowed;
    }

    void cancel() {
        cancelled = true;
    }

    @Override
    public <T> T run(Function<Ops, T> pass) {
        check();
        return passes.run(ops -> {
            check(); // it may have waited for its turn
            T said = pass.apply(ops);
            ran.incrementAndGet();
            return said;
        });
    }

    @Override
    public Owner owner(String name) {
        return passes.owner(name);
    }

    private void check() {
        calls.requireOpen();
        if (cancelled) {
            throw stopped(StoppedException.Reason.CANCELLED, "it was cancelled after " + ran + " passes; ask again");
        }
        if (allowed.isPresent() && Duration.ofNanos(System.nanoTime() - start).compareTo(allowed.get()) >= 0) {
            throw stopped(
                    StoppedException.Reason.DEADLINE,
                    "it must end within " + allowed.get().toMillis() + " ms, but ran " + ran
                            + " passes and was not done; allow more time or fewer steps");
        }
    }

    private static StoppedException stopped(StoppedException.Reason reason, String message) {
        return new StoppedException(reason, "generate: " + message);
    }
}
