package org.panamask.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Closes things, the newest first, all of them even where one refuses.
final class Closing implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    /// Closes `part` at the end.
    <T extends AutoCloseable> T add(T part) {
        open.push(part);
        return part;
    }

    /// Closes everything because of `failure`.
    ///
    /// @return `failure`, with what refused besides
    RuntimeException after(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException refusal) {
            failure.addSuppressed(refusal);
        }
        return failure;
    }

    /// Closes everything, then throws what the first refusal threw.
    @Override
    public void close() {
        @Nullable RuntimeException first = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (RuntimeException refusal) {
                first = first == null ? refusal : first;
            } catch (Exception refusal) {
                first = first == null ? new IllegalStateException(refusal) : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
