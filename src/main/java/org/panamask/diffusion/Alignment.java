package org.panamask.diffusion;

/// Which hidden state predicts a column.
public enum Alignment {
    /// Its own.
    OWN,
    /// That of the column before, as in a causal model; nothing predicts column 0.
    SHIFTED,
    /// That of the column before, and for column 0, which has none before it, its own: the alignment of MGDM, whose
    /// rows have no begin token.
    SHIFTED_IN_PLACE;

    /// The alignment of an objective's key `shift`.
    public static Alignment of(boolean shift) {
        return shift ? SHIFTED : OWN;
    }

    /// The column whose hidden state predicts `column`, or stands in for it where nothing does.
    public int source(int column) {
        return switch (this) {
            case OWN -> column;
            case SHIFTED, SHIFTED_IN_PLACE -> Math.max(0, column - 1);
        };
    }

    /// Whether anything predicts `column`.
    public boolean predicts(int column) {
        return this != SHIFTED || column > 0;
    }

    /// Whether rows start with a begin token.
    public boolean begins() {
        return this != SHIFTED_IN_PLACE;
    }
}
