package org.panamask.report;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// `loss.svg`: the losses so far, drawn anew every few seconds and at the end.
public final class LossPicture implements TrainingListener {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final Path file;
    private final String title;
    private final InstantSource clock;
    private final Curve train = new Curve();
    private final Curve validation = new Curve();
    private final Curve nll = new Curve();
    private Instant drawn = Instant.MIN;
    private long totalSteps;

    private LossPicture(Path file, String title, InstantSource clock) {
        this.file = file;
        this.title = title;
        this.clock = clock;
    }

    /// A picture `loss.svg` in `folder` under the heading `title`, redrawn by the time `clock` shows.
    public static LossPicture in(Path folder, String title, InstantSource clock) {
        return new LossPicture(folder.resolve("loss.svg"), title, clock);
    }

    @Override
    public void started(RunPlan plan) {
        totalSteps = plan.totalSteps();
    }

    @Override
    public void step(StepReport report) {
        train.add(report.step(), report.loss());
        Instant now = clock.instant();
        if (!drawn.plus(PAUSE).isAfter(now)) {
            drawn = now;
            draw();
        }
    }

    @Override
    public void evaluated(EvaluationReport report) {
        validation.add(report.step(), report.loss());
        report.nll().ifPresent(found -> nll.add(report.step(), found.value()));
        draw();
    }

    @Override
    public void finished(RunSummary summary) {
        draw();
    }

    private void draw() {
        AtomicText.write(file, LossChart.svg(title, train, new LossChart.Evaluated(validation, nll), totalSteps));
    }
}
