package org.panamask.sampling;

import java.util.List;

/// The ids that samplers must know.
///
/// @param mask the id of hidden columns
/// @param pad fills rows
/// @param end each ends a text; the first is the end of text, others end a turn
/// @param unused ids that belong to no token
public record SamplerTokens(int mask, int pad, List<Integer> end, List<Integer> unused) {
    /// Keeps its own copies.
    public SamplerTokens {
        end = List.copyOf(end);
        unused = List.copyOf(unused);
    }
}
