package org.panamask.diffusion;

/// Has a model form what depends on a token alone once for all rows that hold it, where it can: queries, keys and
/// values of the first layer before they are rotated. All masks of a canvas are one such token. Counts what is left
/// out.
public final class EqualTokens {
    private long saved;

    /// A count from 0.
    public EqualTokens() {}

    /// Counts rows for which nothing was formed.
    public void save(int rows) {
        saved += rows;
    }

    /// The rows for which nothing was formed, of all passes so far.
    public long saved() {
        return saved;
    }
}
