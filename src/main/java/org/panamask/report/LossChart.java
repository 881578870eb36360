package org.panamask.report;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.DoubleStream;

/// Draws loss curves as SVG: the raw losses pale, their running mean strong, what validation gave as points.
final class LossChart {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 460;
    private static final int LEFT = 70;
    private static final int RIGHT = WIDTH - 30;
    private static final int TOP = 66;
    private static final int BOTTOM = HEIGHT - 58;
    private static final int MOST_POINTS = 800;
    private static final String BLUE = "#2563eb";
    private static final String ORANGE = "#ea580c";
    private static final String GREEN = "#15803d";
    private static final String INK = "#1f2937";
    private static final String GREY = "#6b7280";

    private final Curve train;
    private final Curve validation;
    private final Curve nll;
    private final double[] smoothed;
    private final Axis x;
    private final Axis y;
    private final StringBuilder out = new StringBuilder();

    /// What validations gave.
    ///
    /// @param loss the losses
    /// @param nll negative log-likelihoods of a token, where they were measured
    record Evaluated(Curve loss, Curve nll) {}

    private LossChart(Curve train, Evaluated evaluated, long totalSteps) {
        this.train = train;
        this.validation = evaluated.loss();
        this.nll = evaluated.nll();
        this.smoothed = Curve.smoothed(train.values());
        // A run that has just begun gets an axis of twice its length so far; the whole run would show nothing yet.
        double last = lastStep(train, validation);
        this.x = Axis.covering(0, Math.max(1, Math.max(last, Math.min(totalSteps, 2 * last))), LEFT, RIGHT, 8);
        double[] all = train.values();
        Arrays.sort(all);
        // A few losses weighted by 1/t stand far above the rest; the picture is cut there, not squeezed.
        double[] points = DoubleStream.concat(Arrays.stream(validation.values()), Arrays.stream(nll.values()))
                .toArray();
        double most = Math.max(quantile(all, 0.98), Math.max(max(smoothed), max(points)));
        double least = Math.min(quantile(all, 0), min(points, most));
        double room = Math.max(1e-9, 0.04 * (most - least));
        double floor = least >= 0 && least < 0.5 * most ? 0 : least - room;
        this.y = Axis.covering(floor, most + room, BOTTOM, TOP, 6).rounded();
    }

    /// The picture; every curve may be empty. The horizontal axis goes to `totalSteps`
    /// once half of them are done.
    static String svg(String title, Curve train, Evaluated evaluated, long totalSteps) {
        return new LossChart(train, evaluated, totalSteps).draw(title);
    }

    private String draw(String title) {
        out.append(("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                        + "font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\">%n")
                .formatted(WIDTH, HEIGHT, WIDTH, HEIGHT));
        out.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        out.append("<clipPath id=\"plot\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>%n"
                .formatted(LEFT, TOP - 4, RIGHT - LEFT, BOTTOM - TOP + 6));
        text(LEFT, 34, "start", 18, INK, "font-weight=\"600\"", title);
        axes();
        legend();
        out.append("<g clip-path=\"url(#plot)\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n");
        line(train.values(), "stroke=\"" + BLUE + "\" stroke-opacity=\"0.3\" stroke-width=\"1\"");
        line(smoothed, "stroke=\"" + BLUE + "\" stroke-width=\"2.4\"");
        points(validation, ORANGE);
        points(nll, GREEN);
        return out.append("</g>\n</svg>\n").toString();
    }

    private void axes() {
        for (double tick : y.ticks()) {
            rule(LEFT, y.at(tick), RIGHT, y.at(tick), tick == y.least() ? "#9ca3af" : "#e5e7eb");
            text(LEFT - 10, y.at(tick) + 4, "end", 12, GREY, "", y.label(tick));
        }
        for (double tick : x.ticks()) {
            rule(x.at(tick), BOTTOM, x.at(tick), BOTTOM + 5, "#9ca3af");
            text(x.at(tick), BOTTOM + 21, "middle", 12, GREY, "", x.label(tick));
        }
        text((LEFT + RIGHT) / 2.0, HEIGHT - 14, "middle", 13, GREY, "", "optimizer step");
        String turned = "transform=\"rotate(-90 20 %d)\"".formatted((TOP + BOTTOM) / 2);
        text(20, (TOP + BOTTOM) / 2.0, "middle", 13, GREY, turned, "loss");
    }

    private void legend() {
        double right = RIGHT;
        if (nll.size() > 0) {
            right = legendEntry(right, GREEN, 1, "nll " + last(nll.values()));
        }
        if (validation.size() > 0) {
            right = legendEntry(right, ORANGE, 1, "validation " + last(validation.values()));
        }
        if (train.size() > 0) {
            right = legendEntry(right, BLUE, 1, "smoothed " + last(smoothed));
            legendEntry(right, BLUE, 0.3, "training " + last(train.values()));
        }
    }

    /// Draws an entry that ends at `right` and returns where the one before it ends.
    private double legendEntry(double right, String colour, double opacity, String label) {
        double width = 7.1 * label.length();
        text(right - width, 34, "start", 12, INK, "", label);
        out.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"30\" x2=\"%.1f\" y2=\"30\" stroke=\"%s\" stroke-opacity=\"%.1f\" "
                        + "stroke-width=\"3\" stroke-linecap=\"round\"/>\n",
                right - width - 26,
                right - width - 8,
                colour,
                opacity));
        return right - width - 44;
    }

    /// A curve through at most a few hundred points: where several share a pixel, their lowest and highest.
    private void line(double[] values, String style) {
        if (values.length == 0) {
            return;
        }
        out.append("<polyline ").append(style).append(" points=\"");
        int bucket = Math.max(1, (values.length + MOST_POINTS - 1) / MOST_POINTS * 2);
        if (values.length <= MOST_POINTS) {
            for (int i = 0; i < values.length; i++) {
                point(train.step(i), values[i]);
            }
        } else {
            for (int from = 0; from < values.length; from += bucket) {
                extremes(values, from, Math.min(values.length, from + bucket));
            }
        }
        out.append("\"/>\n");
    }

    private void extremes(double[] values, int from, int to) {
        int low = from;
        int high = from;
        for (int i = from; i < to; i++) {
            low = values[i] < values[low] ? i : low;
            high = values[i] > values[high] ? i : high;
        }
        point(train.step(Math.min(low, high)), values[Math.min(low, high)]);
        if (low != high) {
            point(train.step(Math.max(low, high)), values[Math.max(low, high)]);
        }
    }

    private void points(Curve curve, String colour) {
        double[] values = curve.values();
        if (values.length == 0) {
            return;
        }
        out.append("<polyline stroke=\"%s\" stroke-width=\"1.8\" points=\"".formatted(colour));
        for (int i = 0; i < values.length; i++) {
            point(curve.step(i), values[i]);
        }
        out.append("\"/>\n");
        for (int i = 0; i < values.length; i++) {
            out.append(String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.2\" fill=\"#ffffff\" stroke=\"%s\" stroke-width=\"1.8\"/>\n",
                    x.at(curve.step(i)),
                    y.at(values[i]),
                    colour));
        }
    }

    private void point(double step, double value) {
        out.append(String.format(Locale.ROOT, "%.1f,%.1f ", x.at(step), Math.max(-1e4, y.at(value))));
    }

    private void rule(double x1, double y1, double x2, double y2, String colour) {
        out.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
                x1,
                y1,
                x2,
                y2,
                colour));
    }

    private void text(double x, double y, String anchor, int size, String colour, String more, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
        out.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" fill=\"%s\" %s>%s</text>\n",
                x,
                y,
                anchor,
                size,
                colour,
                more,
                escaped));
    }

    private static double lastStep(Curve train, Curve validation) {
        double trained = train.size() > 0 ? train.step(train.size() - 1) : 0;
        return Math.max(trained, validation.size() > 0 ? validation.step(validation.size() - 1) : 0);
    }

    private static String last(double[] values) {
        return String.format(Locale.ROOT, "%.3f", values[values.length - 1]);
    }

    private static double quantile(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.round(share * (sorted.length - 1))];
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElse(0);
    }

    private static double min(double[] values, double other) {
        return Arrays.stream(values).min().orElse(other);
    }
}
