package org.panamask.bench.kit;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// How many times as long as ours PyTorch takes, as bars on a scale of powers of two.
///
/// @param bars one a case
record RatioChart(List<Bar> bars) {
    private static final int LABELS = 400;
    private static final int WIDTH = 900;
    private static final int LINE = 18;
    private static final int TOP = 40;
    private static final double WIDEST = 4;

    /// One case.
    ///
    /// @param name of the case
    /// @param ratio the peer's time over ours
    record Bar(String name, double ratio) {}

    /// The chart of everything that was measured beside PyTorch.
    static RatioChart of(JsonNode all) {
        List<Bar> bars = new ArrayList<>();
        for (Step step : KitSteps.all()) {
            all.path("steps").path(step.name()).path("found").path("rows").forEach(row -> {
                if (row.path("ratio").asDouble(0) > 0) {
                    bars.add(new Bar(
                            row.path("bench").asString() + " "
                                    + row.path("case").asString(),
                            row.path("ratio").asDouble()));
                }
            });
        }
        return new RatioChart(List.copyOf(bars));
    }

    boolean isEmpty() {
        return bars.isEmpty();
    }

    /// The picture.
    String svg() {
        int height = TOP + LINE * bars.size() + 10;
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\"><rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n"
                        + "<text x=\"10\" y=\"18\">PyTorch's time / ours: right of the middle ours is faster</text>%n",
                WIDTH,
                height));
        for (int power = -2; power <= 2; power++) {
            double x = at(Math.pow(2, power));
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\"/>"
                            + "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x,
                    x,
                    TOP,
                    height,
                    power == 0 ? "black" : "#ccc",
                    x,
                    TOP - 6,
                    power < 0 ? "1/" + (1 << -power) : Integer.toString(1 << power)));
        }
        for (int n = 0; n < bars.size(); n++) {
            bar(svg, bars.get(n), TOP + LINE * n);
        }
        return svg.append("</svg>\n").toString();
    }

    private static void bar(StringBuilder svg, Bar bar, int y) {
        double from = at(Math.min(1, bar.ratio()));
        double to = at(Math.max(1, bar.ratio()));
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\""
                        + " height=\"%d\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%.2f</text>%n",
                LABELS - 10,
                y + 13,
                bar.name().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
                from,
                y + 3,
                Math.max(1, to - from),
                LINE - 6,
                bar.ratio() >= 1 ? "#2a7" : "#c63",
                WIDTH - 50,
                y + 13,
                bar.ratio()));
    }

    private static double at(double ratio) {
        double share = Math.log(Math.clamp(ratio, 1 / WIDEST, WIDEST)) / Math.log(WIDEST);
        return LABELS + (WIDTH - 60 - LABELS) * (share + 1) / 2;
    }
}
