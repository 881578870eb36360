package org.panamask.report;

import java.time.Duration;
import java.util.Optional;

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
                Optional.empty(),
                31_400,
                41_016_867_840L,
                Duration.ofSeconds(3 * step));
    }

    /// A step of a run in half precision.
    static StepReport scaled(long step, double lossScale, long skipped) {
        return new StepReport(
                step,
                step,
                1,
                1,
                Double.NaN,
                0.5,
                1e-3,
                Double.POSITIVE_INFINITY,
                Optional.of(new StepReport.Scaling(lossScale, skipped)),
                812,
                300L << 20,
                Duration.ofSeconds(1));
    }
}
