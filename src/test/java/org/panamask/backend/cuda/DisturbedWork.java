package org.panamask.backend.cuda;

import java.util.List;
import java.util.function.Function;
import org.panamask.backend.BackendSettings;

/// Work that gives the same numbers each time it is done.
///
/// @param name of the work
/// @param settings of the backend that does it
/// @param request what is asked of the backend
record DisturbedWork(String name, BackendSettings settings, Function<CudaBackend, List<double[]>> request) {
    /// A backend for it.
    CudaBackend open() {
        return CudaBackend.open(settings);
    }

    List<double[]> on(CudaBackend backend) {
        return request.apply(backend);
    }

    /// What it gives when nothing fails.
    List<double[]> undisturbed() {
        try (CudaBackend backend = open()) {
            return on(backend);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
