package org.panamask.bench.kit;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/// One thing that the kit does.
///
/// @param name for files and options
/// @param title for people
/// @param limit the longest that each of its processes may take
/// @param work what is done
record Step(String name, String title, Duration limit, Work work) {
    /// What is done.
    interface Work {
        /// Does it.
        ///
        /// @throws IOException if a process or file fails
        /// @throws InterruptedException if the kit is ended
        Outcome run(KitFolder kit, Step step) throws IOException, InterruptedException;
    }

    static Step of(String name, String title, int minutes, Work work) {
        return new Step(name, title, Duration.ofMinutes(minutes), work);
    }

    /// The same with a tighter limit, unless `most` is looser.
    Step within(Duration most) {
        return new Step(name, title, most.compareTo(limit) < 0 ? most : limit, work);
    }

    /// The outcome of a process that took too long.
    Outcome late() {
        return new Outcome(
                Outcome.Verdict.TIMED_OUT, String.format(Locale.ROOT, "ended after %d s", limit.toSeconds()));
    }
}
