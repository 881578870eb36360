package org.panamask.bench;

import java.io.IOException;
import java.util.List;

/// Our side of one comparison.
interface Work extends AutoCloseable {
    /// What it runs on.
    BenchModel model();

    /// Has `peer` compute the same and says how far apart the numbers are.
    List<Agreement> check(Peer peer) throws IOException;

    /// Milliseconds of one repetition.
    double repeat();

    @Override
    void close();
}
