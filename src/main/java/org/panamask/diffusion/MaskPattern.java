package org.panamask.diffusion;

import java.util.BitSet;

/// Which scored tokens of a text are hidden and which of them are asked for, counted among the scored ones.
///
/// @param hidden those replaced by the mask token
/// @param asked those whose cross entropy is wanted
public record MaskPattern(BitSet hidden, BitSet asked) {
    /// Keeps its own copies.
    public MaskPattern {
        hidden = (BitSet) hidden.clone();
        asked = (BitSet) asked.clone();
    }

    /// All that is hidden is asked for.
    static MaskPattern of(BitSet hidden) {
        return new MaskPattern(hidden, hidden);
    }

    /// The tokens from `from` to `to` are hidden, and `one` is asked for.
    static MaskPattern run(int from, int to, int one) {
        BitSet hidden = new BitSet();
        hidden.set(from, to);
        BitSet asked = new BitSet();
        asked.set(one);
        return new MaskPattern(hidden, asked);
    }
}
