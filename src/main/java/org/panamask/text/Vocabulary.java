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

    private Vocabulary(Map<String, Integer> ids, BitSet known, List<String> specials) {
        this.ids = ids;
        this.known = known;
        this.specials = specials;
    }

    static Vocabulary of(Map<String, Integer> ids, List<String> specials) {
        BitSet known = new BitSet();
        ids.values().forEach(known::set);
        return new Vocabulary(new HashMap<>(ids), known, List.copyOf(specials));
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
