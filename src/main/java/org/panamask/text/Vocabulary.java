package org.panamask.text;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The tokens of a tokenizer file and their ids, model entries and added tokens together.
final class Vocabulary {
    private final Map<String, Integer> ids;
    private final BitSet known;
    private final List<String> specials;
    private final int next;

    private Vocabulary(Map<String, Integer> ids, BitSet known, List<String> specials, int next) {
        this.ids = ids;
        this.known = known;
        this.specials = specials;
        this.next = next;
    }

    static Vocabulary of(Map<String, Integer> ids, List<String> specials, int next) {
        BitSet known = new BitSet();
        ids.values().forEach(known::set);
        return new Vocabulary(new HashMap<>(ids), known, List.copyOf(specials), next);
    }

    /// The id that a token gets which is added behind those of the file.
    int next() {
        return next;
    }

    /// One more than the largest id.
    int size() {
        return known.length();
    }

    OptionalInt idOf(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    boolean holds(int id) {
        return id >= 0 && known.get(id);
    }

    /// Texts of the added tokens marked special.
    List<String> specials() {
        return specials;
    }
}
