package org.panamask.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.panamask.backend.cuda.attention.CudnnProgram;
import org.panamask.ffi.cuda.CudaStream;
import org.panamask.ffi.cuda.CudnnHandle;
import org.panamask.ffi.cuda.CudnnPlan;

/// A run of a planned graph.
///
/// @param handle cuDNN
/// @param program what runs
/// @param addresses of tensors in device memory, by their id
/// @param numbers of the host, by the id of their tensor
/// @param workspace address of scratch memory
record CudnnRun(
        CudnnHandle handle, CudnnProgram program, Map<Long, Long> addresses, Map<Long, Float> numbers, long workspace)
        implements Command {
    /// Copies the maps.
    CudnnRun {
        addresses = Map.copyOf(addresses);
        numbers = Map.copyOf(numbers);
    }

    @Override
    public void issue(CudaStream stream) {
        try (Arena frame = Arena.ofConfined()) {
            List<Long> ids = new ArrayList<>();
            List<MemorySegment> pointers = new ArrayList<>();
            addresses.forEach((id, address) -> {
                ids.add(id);
                pointers.add(MemorySegment.ofAddress(address));
            });
            numbers.forEach((id, number) -> {
                ids.add(id);
                pointers.add(frame.allocateFrom(ValueLayout.JAVA_FLOAT, number));
            });
            handle.use(stream);
            program.plan().run(handle, new CudnnPlan.Memory(ids, pointers, MemorySegment.ofAddress(workspace)));
        }
    }
}
