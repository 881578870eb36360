package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Tensor;

/// Numbers of the host on their way into the memory of a weight.
///
/// @param source the numbers
record WeightSource(HostTensor source) {
    private static final int CHUNK = 1 << 18;

    /// Copies the numbers into `value`, converting where the types differ.
    void load(CudaJob job, Tensor value) {
        if (source.dtype() == value.dtype()) {
            job.device().load(source.memory(), value.memory().address());
        } else {
            convert(job.device(), value);
        }
    }

    private void convert(CudaDevice device, Tensor value) {
        DType dtype = value.dtype();
        MemorySegment chunk = MemorySegment.ofArray(new long[CHUNK]);
        for (long first = 0; first < value.count(); first += CHUNK) {
            long elements = Math.min(CHUNK, value.count() - first);
            for (long i = 0; i < elements; i++) {
                HostNumbers.put(chunk, dtype, i, source.at(first + i));
            }
            device.load(
                    chunk.asSlice(0, elements * dtype.bytes()), value.memory().address() + first * dtype.bytes());
        }
    }
}
