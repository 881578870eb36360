package org.panamask.bench.device;

import java.util.Random;
import org.panamask.model.Model;

/// Random tokens; the last id of a vocabulary is the mask token and does not occur.
public final class TokenIds {
    private TokenIds() {}

    /// `count` ids of what `model` knows.
    public static int[] random(Model model, int count, long seed) {
        return new Random(seed).ints(count, 0, mask(model)).toArray();
    }

    /// The id of the mask token.
    public static int mask(Model model) {
        return model.vocabularySize() - 1;
    }
}
