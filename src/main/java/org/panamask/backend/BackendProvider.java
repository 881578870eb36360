package org.panamask.backend;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// Makes backends of one kind; found through [java.util.ServiceLoader].
public interface BackendProvider {
    /// The name a recipe chooses it by.
    String name();

    /// Starts a backend.
    ///
    /// @throws BackendException if it cannot run here, naming every unmet condition
    Backend open(BackendSettings settings);

    /// The libraries it finds on this machine, each with its version and place or why there is none, without
    /// starting anything; empty where [Backend#report] says it all.
    default SequencedMap<String, String> installation() {
        return Collections.unmodifiableSequencedMap(new LinkedHashMap<>());
    }
}
