package org.panamask.report;

import java.time.Duration;

/// Reports for tests.
final class Reports {
    private Reports() {}

    static StepReport step(long step, long total, double loss) {
        return new StepReport(
                step,
                total,
                loss,
                loss / 2,
                0.612,
                0.5,
                4.9e-5,
                0.84,
                31_400,
                41_016_867_840L,
                Duration.ofSeconds(3 * step));
    }
}
