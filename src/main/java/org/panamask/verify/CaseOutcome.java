package org.panamask.verify;

import java.util.List;

/// What became of one golden case.
public sealed interface CaseOutcome {
    /// Everything was within its tolerance.
    ///
    /// @param share the largest share of a tolerance that was used
    record Passed(double share) implements CaseOutcome {}

    /// Something was not.
    ///
    /// @param misses what, at most a few of them
    record Missed(List<String> misses) implements CaseOutcome {
        /// Keeps its own copy.
        public Missed {
            misses = List.copyOf(misses);
        }
    }

    /// This release does not do what the case asks for.
    ///
    /// @param what it asks for
    record NotSupported(String what) implements CaseOutcome {}

    /// The case says nothing of the precision of the run.
    record OtherPrecision() implements CaseOutcome {}
}
