package org.panamask.sampling;

/// What a row costs, and what it would cost if nothing were left out.
final class RowWork {
    private final int length;
    private long passes;
    private long headRows;
    private long skipped;
    private long blocks;
    private long blocksSkipped;

    RowWork(int length) {
        this.length = length;
    }

    void passed(int columns) {
        passes++;
        headRows += columns;
    }

    void skipped() {
        skipped++;
    }

    void skipped(int steps) {
        skipped += steps;
    }

    void entered() {
        blocks++;
    }

    void blockSkipped() {
        blocksSkipped++;
    }

    long passes() {
        return passes;
    }

    /// The passes without savings.
    long plainPasses() {
        return passes + skipped;
    }

    long headRows() {
        return headRows;
    }

    long plainHeadRows() {
        return plainPasses() * length;
    }

    long columns() {
        return passes * length;
    }

    long plainColumns() {
        return plainPasses() * length;
    }

    long blocks() {
        return blocks;
    }

    long plainBlocks() {
        return blocks + blocksSkipped;
    }
}
