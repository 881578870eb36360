package org.panamask.sampling;

import java.util.List;
import org.panamask.config.Alias;
import org.panamask.config.Key;

/// Where an answer ends.
///
/// @param eosTokenIds tokens that end it; the model's own when it is empty
/// @param earlyStop whether what follows an end is left out
public record StoppingSettings(
        @Key(
                value = "[]",
                doc = "tokens that end an answer: ids, eos, eot; empty for the model's own",
                aliases = @Alias("eos_token_id"))
        List<String> eosTokenIds,

        @Key(
                value = "true",
                doc = "stop a row as soon as everything up to its first end token is open, and fill the rest with that"
                        + " token",
                aliases = @Alias("eos_early_stop"))
        boolean earlyStop) {
    /// Keeps its own copy.
    public StoppingSettings {
        eosTokenIds = TokenNames.checked("eos_token_ids", eosTokenIds);
    }
}
