package org.panamask.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Seeded numbers for one run of a contract. All are rounded to the type of the case, so the reference in f64 gets the
/// very numbers that the backend under test gets.
final class Inputs {
    private final BackwardOps ops;
    private final Owner owner;
    private final DType rounding;
    private final Random random = new Random(7);

    Inputs(BackwardOps ops, Owner owner, DType rounding) {
        this.ops = ops;
        this.owner = owner;
        this.rounding = rounding;
    }

    /// Keeps what outlives the job.
    Owner owner() {
        return owner;
    }

    private MemorySegment normal(Shape shape) {
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, shape.count()) * rounding.bytes(), 64);
        for (long i = 0; i < shape.count(); i++) {
            HostNumbers.put(memory, rounding, i, random.nextGaussian());
        }
        return memory.asSlice(0, shape.count() * rounding.bytes());
    }

    /// Normal numbers of the type of activations.
    Tensor normal(long... extents) {
        Tensor tensor = ops.empty(Shape.of(extents), ops.dtype());
        ops.copy(sums(extents), tensor);
        return tensor;
    }

    /// Normal numbers of the type of sums.
    Tensor sums(long... extents) {
        Shape shape = Shape.of(extents);
        MemorySegment memory = normal(shape);
        double[] values = new double[Math.toIntExact(shape.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.at(memory, rounding, i);
        }
        return ops.upload(shape, values);
    }

    /// Uniform numbers of the type of sums.
    Tensor uniforms(int count) {
        return ops.upload(
                Shape.of(count), random.doubles(count).map(each -> (float) each).toArray());
    }

    /// Where a gradient is to be added, or replaces numbers that must not matter.
    Into into(boolean add, long... extents) {
        return new Into(normal(extents), add);
    }

    /// Whole numbers in `[0, bound)`.
    Tensor ints(int bound, long... extents) {
        Shape shape = Shape.of(extents);
        return ops.upload(shape, random.ints(shape.count(), 0, bound).toArray());
    }

    /// A frozen weight, stored in the type of the case.
    Weight frozen(long... extents) {
        return weight(false, extents);
    }

    /// A weight that the optimizer may change.
    Weight trained(long... extents) {
        return weight(true, extents);
    }

    private Weight weight(boolean trainable, long... extents) {
        Shape shape = Shape.of(extents);
        return ops.weight(owner, new HostTensor("w", rounding, shape, normal(shape)), trainable);
    }
}
