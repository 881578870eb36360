package org.panamask.backend.reference;

import org.panamask.backend.Backend;
import org.panamask.backend.BackendProvider;
import org.panamask.backend.BackendSettings;

/// Offers the `reference` backend, which runs everywhere.
public final class ReferenceProvider implements BackendProvider {
    /// Called by [java.util.ServiceLoader].
    public ReferenceProvider() {}

    @Override
    public String name() {
        return ReferenceBackend.NAME;
    }

    @Override
    public Backend open(BackendSettings settings) {
        ReferenceBackend backend = new ReferenceBackend(settings.memoryLimitBytes());
        try {
            backend.require(settings.dtype());
        } catch (RuntimeException refused) {
            backend.close();
            throw refused;
        }
        return backend;
    }
}
