package org.panamask.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/// The extents of a tensor, outermost first. A scalar has no extents and one element; an extent may be zero.
public final class Shape {
    private final long[] extents;

    private Shape(long[] extents) {
        this.extents = extents;
    }

    /// A shape with the given extents, outermost first.
    ///
    /// @throws ShapeException if an extent is negative or the number of elements does not fit a long
    public static Shape of(long... extents) {
        long count = 1;
        for (long extent : extents) {
            if (extent < 0) {
                throw new ShapeException("shape: extents must not be negative, but got " + Arrays.toString(extents));
            }
            try {
                count = Math.multiplyExact(count, extent);
            } catch (ArithmeticException _) {
                throw new ShapeException("shape: too many elements in " + Arrays.toString(extents));
            }
        }
        return new Shape(extents.clone());
    }

    /// The number of extents.
    public int rank() {
        return extents.length;
    }

    /// The extent at `axis`; negative axes count from the innermost (-1) outwards.
    public long extent(int axis) {
        return extents[axis < 0 ? extents.length + axis : axis];
    }

    /// The innermost extent; 1 for a scalar.
    public long last() {
        return extents.length == 0 ? 1 : extents[extents.length - 1];
    }

    /// The number of elements.
    public long count() {
        long count = 1;
        for (long extent : extents) {
            count *= extent;
        }
        return count;
    }

    /// The product of all extents but the innermost: how many rows a matrix view has.
    public long rows() {
        long rows = 1;
        for (int axis = 0; axis < extents.length - 1; axis++) {
            rows *= extents[axis];
        }
        return rows;
    }

    /// This shape with another innermost extent.
    public Shape withLast(long extent) {
        long[] changed = extents.clone();
        changed[changed.length - 1] = extent;
        return of(changed);
    }

    /// The extents, outermost first.
    public long[] toArray() {
        return extents.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    /// The extents in brackets: `[2, 3]`.
    @Override
    public String toString() {
        return Arrays.stream(extents).mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
