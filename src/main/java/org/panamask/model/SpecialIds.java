package org.panamask.model;

import java.util.List;
import java.util.Optional;
import org.panamask.checkpoint.ModelConfig;

/// The token ids that `config.json` gives a meaning to.
///
/// @param begin starts a text
/// @param end each ends a text; may be empty
/// @param pad fills rows
/// @param mask hides a token
public record SpecialIds(Optional<Integer> begin, List<Integer> end, Optional<Integer> pad, Optional<Integer> mask) {
    /// Keeps its own copy.
    public SpecialIds {
        end = List.copyOf(end);
    }

    /// None of them.
    public static SpecialIds none() {
        return new SpecialIds(Optional.empty(), List.of(), Optional.empty(), Optional.empty());
    }

    /// The same with another mask.
    public SpecialIds withMask(int id) {
        return new SpecialIds(begin, end, pad, Optional.of(id));
    }

    /// Those that `config` names. Each may be one number, a list, or absent.
    public static SpecialIds of(ModelConfig config) {
        return new SpecialIds(
                config.ints("bos_token_id").stream().findFirst(),
                config.ints("eos_token_id"),
                config.ints("pad_token_id").stream().findFirst(),
                config.ints("mask_token_id").stream().findFirst());
    }
}
