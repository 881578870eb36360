package org.panamask.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A scale from numbers to pixels, with round numbers to label.
///
/// @param least the number at `start`
/// @param most the number at `end`
/// @param start in pixels
/// @param end in pixels
/// @param tick the distance from one label to the next, as a number
record Axis(double least, double most, double start, double end, double tick) {
    /// An axis that covers the numbers and has about `labels` of them labelled.
    static Axis covering(double least, double most, double start, double end, int labels) {
        double span = most > least ? most - least : Math.max(Math.abs(most), 1);
        double rough = span / labels;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double tick = power * (rough / power <= 1.5 ? 1 : rough / power <= 3.5 ? 2 : rough / power <= 7.5 ? 5 : 10);
        return new Axis(least, least + span, start, end, tick);
    }

    /// The same axis with its ends moved outwards to labelled numbers.
    Axis rounded() {
        double low = Math.floor(least / tick + 1e-9) * tick;
        double high = Math.ceil(most / tick - 1e-9) * tick;
        return new Axis(low, high, start, end, tick);
    }

    /// The pixel of a number.
    double at(double number) {
        return start + (number - least) / (most - least) * (end - start);
    }

    /// The numbers to label.
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(least / tick - 1e-9); i * tick <= most + tick * 1e-9; i++) {
            ticks.add(i * tick);
        }
        return ticks;
    }

    /// A number as a label: no more decimals than the ticks need; thousands as `2k`.
    String label(double number) {
        if (tick >= 1000 && most >= 10_000) {
            String thousands = String.format(Locale.ROOT, tick % 1000 == 0 ? "%.0f" : "%.1f", number / 1000);
            return number == 0 ? "0" : thousands + "k";
        }
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(tick) + 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", number);
    }
}
