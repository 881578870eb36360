package org.panamask.tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The memory of [ShapeOps]: counts what a job and the owners would hold, and holds nothing.
final class ShapeMemory implements JobArena {
    private final long alignment;
    private final Growth low = new Growth();
    private final Growth high = new Growth();
    private final Map<String, Long> owners = new LinkedHashMap<>();
    private End end = End.LOW;
    private long arenaPeak;
    private long peak;

    /// Counts besides what a backend keeps that `model` describes.
    ShapeMemory(MemoryModel model) {
        this.alignment = model.alignment();
        owners.putAll(model.kept());
    }

    private record ShapeMark(End end, long used, int depth) implements Mark {}

    /// One end: how far it has grown, and its open scopes, outermost first.
    private static final class Growth {
        private final List<Scope> scopes = new ArrayList<>(List.of(new Scope("shapes")));
        private long used;

        void openScope() {
            scopes.add(new Scope("shapes, inner scope " + scopes.size()));
        }
    }

    private Growth growth(End of) {
        return switch (of) {
            case LOW -> low;
            case HIGH -> high;
        };
    }

    Tensor make(Shape shape, DType dtype) {
        growth(end).used += aligned(shape, dtype);
        enterPeak();
        return Tensor.of(shape, dtype, MemorySegment.NULL, growth(end).scopes.getLast());
    }

    /// Counts memory that is held for a moment.
    void scratch(long bytes) {
        growth(end).used += bytes;
        enterPeak();
        growth(end).used -= bytes;
    }

    void endJob() {
        for (Growth growth : List.of(low, high)) {
            growth.scopes.forEach(Scope::close);
            growth.scopes.clear();
            growth.scopes.add(new Scope("shapes"));
            growth.used = 0;
        }
        end = End.LOW;
    }

    Tensor make(ShapeOwner owner, Shape shape, DType dtype) {
        if (!owner.scope.isOpen()) {
            throw new IllegalStateException(owner.name() + " is closed");
        }
        long bytes = aligned(shape, dtype);
        owner.bytes += bytes;
        owners.merge(owner.name(), bytes, Long::sum);
        enterPeak();
        return Tensor.of(shape, dtype, MemorySegment.NULL, owner.scope);
    }

    private long aligned(Shape shape, DType dtype) {
        return (shape.count() * dtype.bytes() + alignment - 1) / alignment * alignment;
    }

    private void enterPeak() {
        long arena = low.used + high.used;
        long owned = owners.values().stream().mapToLong(Long::longValue).sum();
        arenaPeak = Math.max(arenaPeak, arena);
        peak = Math.max(peak, arena + owned);
    }

    long arenaPeak() {
        return arenaPeak;
    }

    long peak() {
        return peak;
    }

    Map<String, Long> owners() {
        return new LinkedHashMap<>(owners);
    }

    Owner owner(String name) {
        return new ShapeOwner(name);
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
        return new ShapeMark(of, growth.used, growth.scopes.size() - 1);
    }

    @Override
    public void release(Mark mark) {
        ShapeMark to = (ShapeMark) mark;
        Growth growth = growth(to.end());
        while (growth.scopes.size() > to.depth()) {
            growth.scopes.removeLast().close();
        }
        growth.used = to.used();
    }

    @Override
    public List<Tensor> releaseKeeping(Mark mark, List<Tensor> survivors) {
        release(mark);
        End before = end;
        end = ((ShapeMark) mark).end();
        growth(end).openScope();
        List<Tensor> kept = survivors.stream()
                .map(survivor -> make(survivor.shape(), survivor.dtype()))
                .toList();
        end = before;
        return kept;
    }

    @Override
    public boolean isSince(Mark mark, Tensor tensor) {
        ShapeMark since = (ShapeMark) mark;
        List<Scope> open = growth(since.end()).scopes;
        return open.subList(Math.min(since.depth(), open.size()), open.size()).contains(tensor.scope());
    }

    /// Counts what it would keep.
    final class ShapeOwner implements Owner {
        private final Scope scope;
        private long bytes;

        private ShapeOwner(String name) {
            this.scope = new Scope(name);
        }

        @Override
        public String name() {
            return scope.name();
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            if (scope.isOpen()) {
                scope.close();
                owners.merge(name(), -bytes, Long::sum);
                owners.remove(name(), 0L);
                bytes = 0;
            }
        }
    }
}
