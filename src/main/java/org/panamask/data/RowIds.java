package org.panamask.data;

/// The special ids that rows are made with.
///
/// @param bos begins a row
/// @param sep stands between prompt and target
/// @param eos ends a target
/// @param pad fills a row
/// @param mask stands where a token is hidden; it should not occur in data
public record RowIds(int bos, int sep, int eos, int pad, int mask) {
    /// Checks that no id is negative.
    ///
    /// @throws DataException if one is
    public RowIds {
        if (Math.min(Math.min(Math.min(bos, sep), Math.min(eos, pad)), mask) < 0) {
            throw new DataException("rows: special ids must not be negative, but got bos " + bos + ", sep " + sep
                    + ", eos " + eos + ", pad " + pad + ", mask " + mask + "; give the ids of the vocabulary");
        }
    }

    /// The same where the end token fills rows.
    public RowIds filledWithEnd() {
        return new RowIds(bos, sep, eos, eos, mask);
    }
}
