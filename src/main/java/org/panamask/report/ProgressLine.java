package org.panamask.report;

import java.io.Console;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;

/// One line about the run: redrawn in place on a terminal, a new line every ten seconds otherwise.
public final class ProgressLine implements TrainingListener {
    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration REPEAT = Duration.ofSeconds(10);
    private static final long GIB = 1L << 30;

    private final PrintStream out;
    private final boolean terminal;
    private final boolean colour;
    private final InstantSource clock;
    private long firstStep;
    private long memoryLimitBytes = Long.MAX_VALUE;
    private Optional<Instant> shown = Optional.empty();
    private Optional<StepReport> hidden = Optional.empty();
    private int width;

    private ProgressLine(PrintStream out, boolean terminal, boolean colour, InstantSource clock) {
        this.out = out;
        this.terminal = terminal;
        this.colour = colour;
        this.clock = clock;
    }

    /// A line on `out`, redrawn if `terminal`, with colour if `colour`, timed by `clock`.
    public static ProgressLine of(PrintStream out, boolean terminal, boolean colour, InstantSource clock) {
        return new ProgressLine(out, terminal, colour, clock);
    }

    /// A line on standard output: redrawn if that is a terminal, in colour if it is one and `NO_COLOR` is not set.
    public static ProgressLine standard() {
        boolean terminal = isTerminal();
        String noColour = System.getenv("NO_COLOR");
        return of(System.out, terminal, terminal && (noColour == null || noColour.isEmpty()), InstantSource.system());
    }

    /// Whether standard output is a terminal.
    public static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    @Override
    public void tokenized(long done, long total) {
        Instant now = clock.instant();
        Instant last = shown.orElse(now);
        shown = Optional.of(last);
        if (done == total || Duration.between(last, now).compareTo(terminal ? REDRAW : REPEAT) >= 0) {
            shown = done == total ? Optional.empty() : Optional.of(now);
            draw("tokenised " + done + " of " + total + " examples");
        }
    }

    @Override
    public void started(RunPlan plan) {
        firstStep = plan.firstStep();
        memoryLimitBytes = plan.memoryLimitBytes();
    }

    @Override
    public void step(StepReport report) {
        Instant now = clock.instant();
        Duration pause = terminal ? REDRAW : REPEAT;
        boolean due = shown.map(last -> Duration.between(last, now).compareTo(pause) >= 0)
                .orElse(true);
        if (due || report.step() == report.totalSteps()) {
            shown = Optional.of(now);
            hidden = Optional.empty();
            draw(report);
        } else {
            hidden = Optional.of(report);
        }
    }

    @Override
    public void evaluated(EvaluationReport report) {
        String nll = report.nll()
                .map(found -> String.format(Locale.ROOT, "  nll %.4f +- %.4f", found.value(), found.standardError()))
                .orElse("");
        line(String.format(
                Locale.ROOT,
                "step %d  eval loss %.4f  ce %.4f%s  acc %.1f %%  (%d rows)",
                report.step(),
                report.loss(),
                report.ceLoss(),
                nll,
                100 * report.accuracy(),
                report.rows()));
    }

    @Override
    public void sampled(SampleReport report) {
        line("step " + report.step() + "  sample: " + report.prompt().strip() + " -> "
                + report.generated().strip());
    }

    @Override
    public void saved(long step, Path folder) {
        line("step " + step + "  saved to " + folder);
    }

    @Override
    public void finished(RunSummary summary) {
        hidden.ifPresent(this::draw);
        hidden = Optional.empty();
        String word = summary.finished() ? "finished" : "interrupted";
        line(word + " after " + summary.steps() + " steps in " + clockTime(summary.elapsed()));
    }

    /// The line for one step.
    String text(StepReport report) {
        StringBuilder line = new StringBuilder();
        line.append(String.format(
                Locale.ROOT,
                "step %d/%d  loss %s",
                report.step(),
                report.totalSteps(),
                bold(String.format(Locale.ROOT, "%.4f", report.loss()))));
        if (!Double.isNaN(report.accuracy())) {
            line.append(String.format(Locale.ROOT, "  acc %.1f %%", 100 * report.accuracy()));
        }
        line.append(String.format(Locale.ROOT, "  |g| %.2f  lr %.1e", report.gradNorm(), report.learningRate()));
        report.scaling().ifPresent(scaling -> line.append(scale(scaling)));
        line.append("  ").append(rate(report.tokensPerSecond())).append(" tok/s");
        line.append("  ").append(memory(report.nativeBytes()));
        line.append("  eta ").append(remaining(report));
        return line.toString();
    }

    private void draw(StepReport report) {
        draw(text(report));
    }

    private void draw(String text) {
        if (!terminal) {
            out.println(text);
            out.flush();
            return;
        }
        out.print("\r" + text + " ".repeat(Math.max(0, width - text.length())));
        out.flush();
        width = text.length();
    }

    /// Prints a line of its own; on a terminal the redrawn one stays above it.
    private void line(String text) {
        String cleared = text.replaceAll("\\R", " ");
        if (terminal && width > 0) {
            out.println();
        }
        out.println(cleared);
        out.flush();
        width = 0;
    }

    private String bold(String text) {
        return colour ? "\u001b[1m" + text + "\u001b[0m" : text;
    }

    private static String scale(StepReport.Scaling scaling) {
        String skipped = scaling.skippedSteps() == 0 ? "" : ", skipped " + scaling.skippedSteps();
        return String.format(Locale.ROOT, "  scale %.0f%s", scaling.lossScale(), skipped);
    }

    private static String rate(double perSecond) {
        if (perSecond < 999.5) {
            return String.format(Locale.ROOT, "%.0f", perSecond);
        }
        return perSecond < 999_950
                ? String.format(Locale.ROOT, "%.1fk", perSecond / 1e3)
                : String.format(Locale.ROOT, "%.1fM", perSecond / 1e6);
    }

    private String memory(long bytes) {
        boolean limited = memoryLimitBytes != Long.MAX_VALUE;
        boolean large = bytes >= GIB || limited && memoryLimitBytes >= GIB;
        double unit = large ? GIB : 1L << 20;
        String used = String.format(Locale.ROOT, large ? "%.1f" : "%.0f", bytes / unit);
        String limit =
                limited ? "/" + String.format(Locale.ROOT, large ? "%.1f" : "%.0f", memoryLimitBytes / unit) : "";
        return used + limit + (large ? " GiB" : " MiB");
    }

    private String remaining(StepReport report) {
        long done = report.step() - firstStep;
        if (done <= 0) {
            return "--:--:--";
        }
        double seconds = report.elapsed().toMillis() / 1e3 / done * (report.totalSteps() - report.step());
        return clockTime(Duration.ofSeconds(Math.round(seconds)));
    }

    private static String clockTime(Duration time) {
        return String.format(Locale.ROOT, "%02d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
    }
}
