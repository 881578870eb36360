package org.panamask.backend;

/// Makes backends of one kind; found through [java.util.ServiceLoader].
public interface BackendProvider {
    /// The name a recipe chooses it by.
    String name();

    /// Starts a backend.
    ///
    /// @throws BackendException if it cannot run here, naming every unmet condition
    Backend open(BackendSettings settings);
}
