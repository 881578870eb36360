package org.panamask.bench.kit;

/// How a step ended.
///
/// @param verdict in a word
/// @param summary in a line
record Outcome(Verdict verdict, String summary) {
    /// In a word.
    enum Verdict {
        /// All that was asked for is so.
        PASSED,
        /// Something is not.
        FAILED,
        /// It took longer than it may.
        TIMED_OUT,
        /// It cannot be asked here.
        SKIPPED
    }

    static Outcome of(boolean passed, String summary) {
        return new Outcome(passed ? Verdict.PASSED : Verdict.FAILED, summary);
    }

    static Outcome skipped(String why) {
        return new Outcome(Verdict.SKIPPED, why);
    }

    boolean bad() {
        return verdict == Verdict.FAILED || verdict == Verdict.TIMED_OUT;
    }
}
