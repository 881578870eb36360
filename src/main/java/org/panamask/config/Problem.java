package org.panamask.config;

/// One thing wrong with what was written.
///
/// @param place where
/// @param message what, without the place
public record Problem(Place place, String message) {
    /// The line shown to the writer: `recipe.yaml:6: unknown key 'rnak', did you mean 'rank'?`.
    @Override
    public String toString() {
        return place.at(message);
    }
}
