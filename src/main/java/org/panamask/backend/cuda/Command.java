package org.panamask.backend.cuda;

import org.panamask.ffi.cuda.CudaFunction;
import org.panamask.ffi.cuda.CudaStream;

/// One piece of work of the compute stream. Implementations are values: equal ones do the same, so that a list of
/// commands that comes again is replayed as a graph. What differs from one time to the next stands in device memory.
interface Command {
    /// Enqueues the work. It neither waits, nor takes memory, nor reads memory of the host.
    void issue(CudaStream stream);

    /// Runs a kernel.
    ///
    /// @param function the kernel
    /// @param grid blocks and threads
    /// @param arguments its parameters
    record Launch(CudaFunction function, Grid grid, Arguments arguments) implements Command {
        @Override
        public void issue(CudaStream stream) {
            stream.launch(function, grid.extent(), arguments.values(), arguments.offsets());
        }

        @Override
        public String toString() {
            return "kernel " + function.name() + " on " + grid;
        }
    }

    /// Copies device memory; the parts do not overlap.
    ///
    /// @param from address
    /// @param to address
    /// @param bytes how many
    record Copy(long from, long to, long bytes) implements Command {
        @Override
        public void issue(CudaStream stream) {
            stream.copy(from, to, bytes);
        }
    }

    /// Fills device memory with zero bytes.
    ///
    /// @param to address
    /// @param bytes how many
    record Clear(long to, long bytes) implements Command {
        @Override
        public void issue(CudaStream stream) {
            stream.fill(to, (byte) 0, bytes);
        }
    }
}
