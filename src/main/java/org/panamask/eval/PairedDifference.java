package org.panamask.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// How much better or worse one model is than another on the same rows. Rows that are hard for one are hard for the
/// other, so the error of the mean difference is smaller than those of the means.
///
/// @param of the model compared
/// @param from the model it is compared with
/// @param difference the value of `of` less that of `from`, over the rows
public record PairedDifference(String of, String from, Mean difference) {
    /// The difference of two models; empty where they were not measured on the same.
    public static Optional<PairedDifference> between(Measured from, Measured of) {
        double[] first = from.values();
        double[] second = of.values();
        if (from.fingerprint() != of.fingerprint() || first.length != second.length) {
            return Optional.empty();
        }
        Mean difference = Mean.of(IntStream.range(0, first.length)
                .mapToDouble(n -> second[n] - first[n])
                .toArray());
        return Optional.of(
                new PairedDifference(of.subject().name(), from.subject().name(), difference));
    }

    /// The differences of every two of `results` that can be compared, each less one before it.
    public static List<PairedDifference> ofAll(List<? extends Measured> results) {
        List<PairedDifference> all = new ArrayList<>();
        for (int of = 1; of < results.size(); of++) {
            for (int from = of - 1; from >= 0; from--) {
                between(results.get(from), results.get(of)).ifPresent(all::add);
            }
        }
        return all;
    }

    /// The mean difference in standard errors.
    public double inStandardErrors() {
        return difference.value() / difference.standardError();
    }
}
