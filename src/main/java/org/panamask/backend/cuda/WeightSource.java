package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Numbers of the host on their way into the memory of a weight. They travel in the type they are stored in, and are
/// converted on the device.
///
/// @param source the numbers
record WeightSource(HostTensor source) {
    /// Elements that are converted at a time: what arrives is held besides the weight for a moment.
    private static final long PIECE = 4 << 20;

    /// Copies the numbers into `value`, converting with `conversion` where the types differ.
    void load(CudaJob job, Tensor value, CudaWeight.Conversion conversion) {
        DType stored = source.dtype();
        if (stored == value.dtype()) {
            job.device().load(source.memory(), value.memory().address());
            return;
        }
        for (long first = 0; first < value.count(); first += PIECE) {
            long elements = Math.min(PIECE, value.count() - first);
            long to = value.memory().address() + first * value.dtype().bytes();
            if (stored == DType.F64) {
                job.device().load(narrowed(first, elements, value.dtype()), to);
            } else {
                convert(job, first, part(value, to, elements), conversion);
            }
        }
    }

    private static Tensor part(Tensor value, long address, long elements) {
        return Tensor.of(Shape.of(elements), value.dtype(), MemorySegment.ofAddress(address), value.scope());
    }

    private void convert(CudaJob job, long first, Tensor part, CudaWeight.Conversion conversion) {
        long bytes = source.dtype().bytes();
        try (Frame _ = job.frame()) {
            Tensor arrived = job.make(part.shape(), source.dtype());
            job.device()
                    .load(
                            source.memory().asSlice(first * bytes, part.count() * bytes),
                            arrived.memory().address());
            conversion.copy(arrived, part);
        }
    }

    /// Kernels have no 64-bit numbers.
    private MemorySegment narrowed(long first, long elements, DType dtype) {
        MemorySegment narrow =
                MemorySegment.ofArray(new long[Math.toIntExact(elements)]).asSlice(0, elements * dtype.bytes());
        for (long i = 0; i < elements; i++) {
            HostNumbers.put(narrow, dtype, i, source.at(first + i));
        }
        return narrow;
    }
}
