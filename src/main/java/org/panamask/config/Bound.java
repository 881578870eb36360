package org.panamask.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What became of a written tree.
///
/// @param <T> the settings record
/// @param value the record; empty if too much was wrong to make one
/// @param problems everything wrong, in the order of the places
/// @param places where each key path was written; a key left out has none
public record Bound<T extends Record>(Optional<T> value, List<Problem> problems, Map<String, Place> places) {}
