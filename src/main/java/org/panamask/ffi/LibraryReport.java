package org.panamask.ffi;

import java.util.List;
import java.util.stream.Collectors;

/// How the search for a native library went.
///
/// @param name the library, such as `dnnl`
/// @param loaded whether it is loaded now
/// @param version what it says of itself, empty if not loaded
/// @param attempts every place tried, in order; the last one loaded if any did
public record LibraryReport(String name, boolean loaded, String version, List<Attempt> attempts) {
    /// One place tried.
    ///
    /// @param place a file, an entry of a jar, or the loader's search path
    /// @param result `loaded`, or why not
    public record Attempt(String place, String result) {
        @Override
        public String toString() {
            return place + ": " + result;
        }
    }

    /// Copies the attempts.
    public LibraryReport {
        attempts = List.copyOf(attempts);
    }

    String failures() {
        return attempts.stream().map(Attempt::toString).collect(Collectors.joining("; "));
    }
}
