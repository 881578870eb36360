package org.panamask.sampling;

/// What a pass is fed of a row where a cache serves the rest.
///
/// @param columns the columns
/// @param kept whether their keys and values stay in the cache
record Feed(Window columns, boolean kept) {}
