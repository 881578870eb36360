package org.panamask.backend.cpu;

import org.panamask.backend.Backend;
import org.panamask.backend.BackendProvider;
import org.panamask.backend.BackendSettings;

/// Offers the backend that computes with oneDNN.
public final class CpuProvider implements BackendProvider {
    /// For [java.util.ServiceLoader].
    public CpuProvider() {}

    @Override
    public String name() {
        return CpuBackend.NAME;
    }

    @Override
    public Backend open(BackendSettings settings) {
        return CpuBackend.open(settings);
    }
}
