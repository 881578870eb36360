package org.panamask.backend.cuda;

import org.panamask.ffi.cuda.CudaFunction;

/// A kernel that is loaded.
///
/// @param family what it was compiled with
/// @param function the kernel
record Kernel(Family family, CudaFunction function) {
    @Override
    public String toString() {
        return function.name() + " of " + family;
    }
}
