package org.panamask.config;

import java.util.List;
import java.util.Map;

/// What was written, before it means anything: values, lists and keys with their places.
public sealed interface Tree {
    /// Where this part starts.
    Place place();

    /// How a message shows this part.
    String shown();

    /// A single value.
    ///
    /// @param text as written, without quotes
    /// @param quoted whether it stood in quotes and is therefore text
    /// @param place where it stands
    record Scalar(String text, boolean quoted, Place place) implements Tree {
        @Override
        public String shown() {
            return quoted ? "the text \"" + text + "\" in quotes" : "'" + text + "'";
        }

        /// Whether the word for "nothing" was written.
        public boolean isNull() {
            return !quoted && (text.equals("null") || text.equals("~"));
        }

        /// Whether nothing at all was written after the key.
        public boolean isMissing() {
            return !quoted && text.isEmpty();
        }
    }

    /// A list.
    ///
    /// @param items in the order written
    /// @param place where it starts
    record Items(List<Tree> items, Place place) implements Tree {
        /// Keeps a copy of `items`.
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public String shown() {
            return "a list";
        }
    }

    /// Keys and what belongs to them.
    ///
    /// @param entries in the order written
    /// @param place where it starts
    record Mapping(Map<String, Entry> entries, Place place) implements Tree {
        @Override
        public String shown() {
            return "a group of keys";
        }
    }

    /// A key's place and value.
    ///
    /// @param place where the key stands
    /// @param value what follows it
    record Entry(Place place, Tree value) {}
}
