package org.panamask.tensor;

import java.lang.foreign.MemorySegment;

/// Numbers in row-major order in memory of a backend. A tensor does not own its memory: its [Scope] does, and using a
/// tensor of a closed scope throws. Views made by [#reshape] are the same value in another shape, so a gradient of one
/// is the gradient of the other.
public final class Tensor {
    private final Shape shape;
    private final DType dtype;
    private final MemorySegment memory;
    private final Scope scope;
    private final Object identity;

    private Tensor(Shape shape, DType dtype, MemorySegment memory, Scope scope, Object identity) {
        this.shape = shape;
        this.dtype = dtype;
        this.memory = memory;
        this.scope = scope;
        this.identity = identity;
    }

    /// A tensor over `memory`, usable while `scope` is open. Backends call this; others get tensors from [Ops].
    public static Tensor of(Shape shape, DType dtype, MemorySegment memory, Scope scope) {
        return new Tensor(shape, dtype, memory, scope, new Object());
    }

    /// The extents, outermost first.
    public Shape shape() {
        return shape;
    }

    /// What one element is.
    public DType dtype() {
        return dtype;
    }

    /// The number of elements.
    public long count() {
        return shape.count();
    }

    /// The size of the elements in bytes.
    public long bytes() {
        return shape.count() * dtype.bytes();
    }

    /// The memory of the elements: host memory, or an address of the device that the backend drives.
    ///
    /// @throws IllegalStateException if the scope that owns the memory is closed
    public MemorySegment memory() {
        if (!scope.isOpen()) {
            throw new IllegalStateException("tensor " + shape + " " + dtype + ": its scope '" + scope.name()
                    + "' is closed; copy what must outlive it to an owner");
        }
        return memory;
    }

    /// The scope this tensor lives in.
    public Scope scope() {
        return scope;
    }

    /// What this tensor shares with every reshaped view of it; two tensors are the same value when theirs are the
    /// same.
    public Object identity() {
        return identity;
    }

    /// The same elements in another shape.
    ///
    /// @throws ShapeException if the number of elements differs
    public Tensor reshape(long... extents) {
        Shape target = Shape.of(extents);
        if (target.count() != shape.count()) {
            throw new ShapeException("reshape: " + shape + " has " + shape.count() + " elements, but got " + target);
        }
        return new Tensor(target, dtype, memory, scope, identity);
    }

    /// Elements from `from` on as a value of its own that shares their memory and lives as long.
    ///
    /// @param from the first element, in row-major order
    /// @param part the extents of the result
    /// @throws ShapeException if there are not so many elements
    public Tensor part(long from, Shape part) {
        if (from < 0 || from > shape.count() - part.count()) {
            throw new ShapeException("part: " + shape + " has " + shape.count() + " elements, but got " + part
                    + " from element " + from + " on");
        }
        long offset = from * dtype.bytes();
        // Memory of a device is an address without a length.
        MemorySegment piece = memory.byteSize() == 0
                ? MemorySegment.ofAddress(memory.address() + offset)
                : memory.asSlice(offset, part.count() * dtype.bytes());
        return new Tensor(part, dtype, piece, scope, new Object());
    }

    @Override
    public String toString() {
        return shape + " " + dtype;
    }
}
