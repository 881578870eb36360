package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.Precision;
import org.panamask.backend.host.Float8;
import org.panamask.backend.memory.Frame;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What the operations of one job compute with.
///
/// @param device primitives and threads
/// @param arena the job's memory
/// @param precision what weights are multiplied in
record CpuJob(CpuDevice device, TwoEndedArena arena, Precision precision) {
    /// The type of activations.
    DType dtype() {
        return precision.activations();
    }

    /// Whether products with `w` are of 8-bit floats.
    boolean inEightBits(Weight w) {
        return precision == Precision.FP8 && Float8.multiplies(w);
    }

    /// The type of activations, as oneDNN calls it.
    DnnlType type() {
        return type(dtype());
    }

    /// What oneDNN calls `dtype`.
    static DnnlType type(DType dtype) {
        return switch (dtype) {
            case F32 -> DnnlType.F32;
            case BF16 -> DnnlType.BF16;
            case F16 -> DnnlType.F16;
            case F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new IllegalArgumentException(
                        "backend cpu: oneDNN computes in F32, BF16 and F16, not in " + dtype);
        };
    }

    /// A tensor of the arena with undefined contents.
    Tensor make(Shape shape, DType type) {
        return arena.make(shape, type);
    }

    /// Scratch memory until the frame is closed.
    Frame frame() {
        return new Frame(arena);
    }

    /// Runs the primitive of `plan` on `operands`.
    void run(Plan plan, MemorySegment... operands) {
        try (Frame frame = frame()) {
            device.primitives().of(plan).run(device.stream(), frame, operands);
        }
    }

    /// Shares a loop over `rows` rows of `width` elements.
    void rows(long rows, long width, Workers.Share share) {
        device.workers().rows(rows, width, share);
    }

    /// Copies `elements` elements between float types, rounding where the target is narrower.
    void convert(MemorySegment from, DType fromType, MemorySegment to, DType toType, long elements) {
        long bytes = elements * fromType.bytes();
        if (fromType == toType) {
            MemorySegment.copy(from, 0, to, 0, bytes);
            return;
        }
        long chunk = 4096;
        long rows = (elements + chunk - 1) / chunk;
        rows(rows, chunk, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                int count = (int) Math.min(chunk, elements - row * chunk);
                tile.store(tile.load(0, from, fromType, row * chunk, count), to, toType, row * chunk, count);
            }
        });
    }
}
