package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.Precision;
import org.panamask.backend.host.Float8;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.tensor.DType;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What the operations of one job compute with.
///
/// @param device streams and kernels
/// @param arena the job's memory
/// @param precision what is computed in
record CudaJob(CudaDevice device, TwoEndedArena arena, Precision precision) {
    /// The type of activations.
    DType dtype() {
        return precision.activations();
    }

    /// Whether products with `w` are of 8-bit floats.
    boolean inEightBits(Weight w) {
        return precision == Precision.FP8 && Float8.multiplies(w);
    }

    /// A tensor of the arena with undefined contents.
    Tensor make(Shape shape, DType type) {
        return arena.make(shape, type);
    }

    /// Scratch memory until the frame is closed.
    Frame frame() {
        return new Frame(arena);
    }

    /// The kernel `name` of `kernels/FAMILY.cu` for activations of the job's type.
    Kernel kernel(String family, String name) {
        return kernel(Family.of(family, dtype()), name);
    }

    /// The kernel `name` of `family`.
    Kernel kernel(Family family, String name) {
        return device.kernels().of(family, name);
    }

    /// Appends a kernel to the queue; nothing where the grid has no blocks.
    void launch(Kernel kernel, Grid grid, Arguments arguments) {
        if (!grid.isEmpty()) {
            enqueue(new Command.Launch(kernel.function(), grid, arguments));
        }
    }

    /// Appends a command to the queue.
    void enqueue(Command command) {
        device.queue().add(command);
    }

    /// Whole numbers as I32.
    Tensor upload(Shape shape, int[] values) {
        Tensor tensor = make(shape, DType.I32);
        device.queue().upload(MemorySegment.ofArray(values), tensor.memory().address());
        device.indices().remember(tensor, values);
        return tensor;
    }

    /// Real numbers as F32.
    Tensor upload(Shape shape, float[] values) {
        Tensor tensor = make(shape, DType.F32);
        device.queue().upload(MemorySegment.ofArray(values), tensor.memory().address());
        return tensor;
    }

    /// Waits for whole numbers.
    int[] ints(Tensor tensor) {
        int[] values = new int[Math.toIntExact(tensor.count())];
        device.queue().read(tensor.memory().address(), MemorySegment.ofArray(values));
        return values;
    }

    /// Waits for real numbers.
    double[] doubles(Tensor tensor) {
        // Longs, because the widest element must lie at a multiple of its size.
        long[] words = new long[Math.toIntExact((tensor.bytes() + Long.BYTES - 1) / Long.BYTES)];
        MemorySegment read = MemorySegment.ofArray(words).asSlice(0, tensor.bytes());
        device.queue().read(tensor.memory().address(), read);
        double[] values = new double[Math.toIntExact(tensor.count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostNumbers.at(read, tensor.dtype(), i);
        }
        return values;
    }

    /// Refuses indices outside of `[0, bound)`: at no cost where they were uploaded in this job, else by waiting
    /// for them. `what` names them in messages.
    ///
    /// @throws IllegalArgumentException if one lies outside
    void requireIndices(String what, Tensor indices, long bound) {
        int[] known = device.indices().of(indices);
        int[] values = known == null ? ints(indices) : known;
        for (int i = 0; i < values.length; i++) {
            Operands.requireIndex(what, values[i], i, bound);
        }
    }
}
