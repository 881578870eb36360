package org.panamask.backend.cuda;

/// Moves device memory between places that may overlap: piece by piece in the order in which no piece is overwritten
/// before it was read, each through a buffer where the places are too near to one another.
final class Mover {
    /// Nearer places than this go through the buffer.
    static final long BUFFER_BYTES = 1 << 20;

    private final CommandQueue queue;
    private final long buffer;

    /// Moves through `queue`; `buffer` is the address of [#BUFFER_BYTES] bytes.
    Mover(CommandQueue queue, long buffer) {
        this.queue = queue;
        this.buffer = buffer;
    }

    /// Moves `bytes` bytes.
    void move(long from, long to, long bytes) {
        long distance = Math.abs(from - to);
        if (distance == 0 || bytes == 0) {
            return;
        }
        if (distance >= bytes) {
            queue.add(new Command.Copy(from, to, bytes));
            return;
        }
        long piece = Math.max(distance, BUFFER_BYTES);
        long pieces = (bytes + piece - 1) / piece;
        for (long i = 0; i < pieces; i++) {
            long at = (to < from ? i : pieces - 1 - i) * piece;
            step(from + at, to + at, Math.min(piece, bytes - at), distance);
        }
    }

    private void step(long from, long to, long bytes, long distance) {
        if (distance >= bytes) {
            queue.add(new Command.Copy(from, to, bytes));
        } else {
            queue.add(new Command.Copy(from, buffer, bytes));
            queue.add(new Command.Copy(buffer, to, bytes));
        }
    }
}
