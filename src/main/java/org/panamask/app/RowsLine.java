package org.panamask.app;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import org.panamask.eval.Progress;

/// Says how far an evaluation has come and how long it will still take: every ten seconds a line.
final class RowsLine implements Progress {
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final PrintWriter out;
    private final String what;
    private final InstantSource clock;
    private final Instant start;
    private Instant shown;

    /// Progress of `what`, which begins now.
    RowsLine(PrintWriter out, String what, InstantSource clock) {
        this.out = out;
        this.what = what;
        this.clock = clock;
        this.start = clock.instant();
        this.shown = start;
    }

    @Override
    public void at(double done, int total) {
        Instant now = clock.instant();
        if (Duration.between(shown, now).compareTo(PAUSE) < 0 || done <= 0) {
            return;
        }
        shown = now;
        double elapsed = Duration.between(start, now).toMillis() / 1e3;
        Duration left = Duration.ofSeconds(Math.round(elapsed / done * (total - done)));
        out.printf(
                Locale.ROOT,
                "%s: %.1f of %d rows, %.0f %%, eta %02d:%02d:%02d%n",
                what,
                done,
                total,
                100 * done / total,
                left.toHours(),
                left.toMinutesPart(),
                left.toSecondsPart());
        out.flush();
    }
}
