package org.panamask.verify;

import java.util.List;

/// The cases of one kind on one device.
///
/// @param kind the kind
/// @param passed how many were within their tolerances
/// @param largestShare the largest share of a tolerance that was used by those
/// @param misses what was not
/// @param notSupported what this release does not do yet, each once
/// @param notSupportedCases how many cases ask for that
public record KindSummary(
        String kind,
        int passed,
        double largestShare,
        List<String> misses,
        List<String> notSupported,
        int notSupportedCases) {
    /// Keeps its own copies.
    public KindSummary {
        misses = List.copyOf(misses);
        notSupported = List.copyOf(notSupported);
    }
}
