package org.panamask.backend.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.panamask.tensor.DType;
import org.panamask.tensor.JobArena;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scope;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// One block of memory used from both ends. A job that needs more gets further blocks while it runs; after it the
/// blocks are replaced by one of the size that was needed, so the next job of its kind allocates nothing and finds the
/// same addresses. Confined to the job thread.
public final class TwoEndedArena implements JobArena {
    private static final String OWNER = "arena";

    private final BackendMemory memory;
    private final List<Block> blocks = new ArrayList<>();
    private final Growth low = new Growth();
    private final Growth high = new Growth();
    private End end = End.LOW;
    private boolean running;
    private long needed;

    /// An arena without memory yet.
    TwoEndedArena(BackendMemory memory) {
        this.memory = memory;
    }

    /// One end: how far it has grown, and its open scopes, outermost first.
    private static final class Growth {
        private final List<Scope> scopes = new ArrayList<>();
        private Position position = Position.START;

        void openScope() {
            scopes.add(new Scope(scopes.getFirst().name() + ", inner scope " + scopes.size()));
        }
    }

    private Growth growth(End of) {
        return switch (of) {
            case LOW -> low;
            case HIGH -> high;
        };
    }

    /// How far an end has grown: `used` bytes of block `block`, and `before` bytes of the blocks before it.
    private record Position(int block, long used, long before) {
        static final Position START = new Position(0, 0, 0);

        long total() {
            return before + used;
        }
    }

    private record EndMark(End end, Position position, int depth) implements Mark {}

    /// Starts a job.
    void begin(String job) {
        running = true;
        end = End.LOW;
        for (Growth each : List.of(low, high)) {
            each.position = Position.START;
            each.scopes.add(new Scope(job));
        }
    }

    /// Ends the job: its tensors are refused from now on.
    void end(boolean finished) {
        running = false;
        for (Growth each : List.of(low, high)) {
            each.scopes.forEach(Scope::close);
            each.scopes.clear();
        }
        if (finished && blocks.size() > 1) {
            clear();
            blocks.add(memory.take(OWNER, needed, "the arena"));
        }
    }

    /// Takes one block of at least `bytes`.
    ///
    /// @throws org.panamask.backend.DeviceMemoryException if there is no memory for it
    void reserve(long bytes) {
        if (bytes > blocks.stream().mapToLong(Block::bytes).sum()) {
            clear();
            needed = Math.max(needed, aligned(bytes));
            blocks.add(memory.take(OWNER, needed, "the arena"));
        }
    }

    /// What is taken from the end of a block starts where the memory wants it only if blocks are whole steps.
    private long aligned(long bytes) {
        long alignment = memory.space().alignment();
        return (bytes + alignment - 1) / alignment * alignment;
    }

    /// Gives the memory back.
    void clear() {
        blocks.forEach(block -> memory.give(OWNER, block));
        blocks.clear();
    }

    /// A tensor with undefined contents at the current end.
    ///
    /// @throws org.panamask.backend.DeviceMemoryException if there is no memory for it
    /// @throws IllegalStateException outside of a job
    public Tensor make(Shape shape, DType dtype) {
        if (!running) {
            throw new IllegalStateException("operations live inside a job: this one has ended");
        }
        long bytes = shape.count() * dtype.bytes();
        return Tensor.of(
                shape,
                dtype,
                place(bytes, shape + " " + dtype),
                growth(end).scopes.getLast());
    }

    /// The owner that another package handed over.
    ///
    /// @param backend the backend's name
    /// @param owner of any backend
    /// @throws IllegalArgumentException if it is not one of this backend
    public MemoryOwner keeper(String backend, Owner owner) {
        if (owner instanceof MemoryOwner keeper && keeper.isPartOf(memory)) {
            return keeper;
        }
        throw new IllegalArgumentException("backend " + backend + ": owners come from Backend.owner, but got "
                + owner.name() + " of another backend");
    }

    /// Scratch memory of the current end that ends with the current scope.
    public MemorySegment scratch(long bytes) {
        return place(bytes, "scratch");
    }

    private MemorySegment place(long bytes, String purpose) {
        long size = aligned(bytes);
        Position at = growth(end).position;
        while (at.block() < blocks.size() && at.used() + size > room(at.block())) {
            at = new Position(at.block() + 1, 0, at.total());
        }
        if (at.block() == blocks.size()) {
            long total = blocks.stream().mapToLong(Block::bytes).sum();
            blocks.add(memory.take(OWNER, Math.max(size, aligned(Math.max(total / 2, 1 << 20))), purpose));
        }
        Position next = new Position(at.block(), at.used() + size, at.before());
        growth(end).position = next;
        needed = Math.max(needed, low.position.total() + high.position.total());
        Block block = blocks.get(at.block());
        long offset = end == End.LOW ? at.used() : block.bytes() - next.used();
        return block.slice(offset, bytes);
    }

    /// What the current end may use of a block: all that the other end does not.
    private long room(int block) {
        Position other = growth(end == End.LOW ? End.HIGH : End.LOW).position;
        long size = blocks.get(block).bytes();
        if (other.block() < block) {
            return size;
        }
        return other.block() == block ? size - other.used() : 0;
    }

    @Override
    public End end() {
        return end;
    }

    @Override
    public void use(End wanted) {
        end = wanted;
    }

    @Override
    public Mark mark(End of) {
        Growth growth = growth(of);
        growth.openScope();
        return new EndMark(of, growth.position, growth.scopes.size() - 1);
    }

    @Override
    public void release(Mark mark) {
        EndMark to = (EndMark) mark;
        Growth growth = growth(to.end());
        while (growth.scopes.size() > to.depth()) {
            growth.scopes.removeLast().close();
        }
        growth.position = to.position();
    }

    @Override
    public List<Tensor> releaseKeeping(Mark mark, List<Tensor> survivors) {
        List<MemorySegment> from = survivors.stream().map(Tensor::memory).toList();
        release(mark);
        End before = end;
        end = ((EndMark) mark).end();
        growth(end).openScope();
        List<Tensor> kept = new ArrayList<>();
        for (int i = 0; i < from.size(); i++) {
            // New places are never behind the old ones, in the direction of growth, so nothing is overwritten early.
            Tensor tensor = make(survivors.get(i).shape(), survivors.get(i).dtype());
            memory.space().move(from.get(i), tensor.memory(), tensor.bytes());
            kept.add(tensor);
        }
        end = before;
        return kept;
    }

    @Override
    public boolean isSince(Mark mark, Tensor tensor) {
        EndMark since = (EndMark) mark;
        List<Scope> open = growth(since.end()).scopes;
        return open.subList(Math.min(since.depth(), open.size()), open.size()).contains(tensor.scope());
    }
}
