package org.panamask.train;

import org.panamask.config.Place;

/// What became of a key of a flat recipe that does not stand in the nested one as it was.
///
/// @param fate how it was taken
/// @param key its name in the flat recipe
/// @param place where it stands, or where the file starts when it was left out
/// @param reason why, and what to do where there is something to do
public record FlatNote(Fate fate, String key, Place place, String reason) {
    /// How a key was taken.
    public enum Fate {
        /// It says nothing that a run here depends on.
        IGNORED("accepted and ignored"),
        /// A run here differs from the one it asks for.
        WARNED("accepted with a warning"),
        /// A run here cannot do what it asks for.
        REFUSED("refused"),
        /// It was left out, and what their programs do then is not what a recipe does then.
        LEFT_OUT("left out, so their default holds");

        private final String words;

        Fate(String words) {
            this.words = words;
        }

        /// The fate in words.
        public String words() {
            return words;
        }
    }

    @Override
    public String toString() {
        String where = place.line() > 0 ? place.source() + ":" + place.line() : place.source();
        return where + ": " + key + ": " + fate.words() + ": " + reason;
    }
}
