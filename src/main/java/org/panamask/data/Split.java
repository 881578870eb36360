package org.panamask.data;

import java.util.Arrays;
import java.util.List;

/// Data to train on and data to validate with.
///
/// @param <T> what is split
/// @param training the first part
/// @param validation the last part, empty when none was asked for
public record Split<T>(List<T> training, List<T> validation) {
    /// Copies the lists.
    public Split {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
    }

    /// Takes values for validation as `which` says: `valSize` of them when it is above 1, the share `valSize`
    /// rounded up when it is below, none when it is 0. A shuffle depends on `seed` and happens only when some are
    /// taken.
    ///
    /// @throws DataException if `valSize` is negative, exactly 1, not whole above 1, or leaves nothing to train on
    public static <T> Split<T> of(List<T> values, double valSize, ValSplit which, long seed) {
        if (which == ValSplit.TAIL || valSize == 0) {
            return tail(values, valSize);
        }
        int[] order = new int[values.size()];
        Arrays.setAll(order, i -> i);
        new SplitMix64(seed).shuffle(order);
        return tail(Arrays.stream(order).mapToObj(values::get).toList(), valSize);
    }

    /// Takes the last values for validation: `valSize` of them when it is above 1, the share `valSize` rounded up
    /// when it is below, none when it is 0. Source: LLaMA-Factory fork of DiffuLLaMA, data split without shuffling.
    ///
    /// @throws DataException if `valSize` is negative, exactly 1, not whole above 1, or leaves nothing to train on
    public static <T> Split<T> tail(List<T> values, double valSize) {
        boolean share = valSize >= 0 && valSize < 1;
        boolean count = valSize > 1 && valSize == Math.rint(valSize) && !Double.isInfinite(valSize);
        if (!share && !count) {
            throw new DataException("data.val_size must be 0, a share between 0 and 1, or a whole number of rows above "
                    + "1, not " + valSize);
        }
        double wanted = valSize > 1 ? valSize : Math.ceil(valSize * values.size());
        if (wanted > 0 && wanted >= values.size()) {
            throw new DataException("data.val_size must leave rows to train on, but takes " + (long) wanted + " of "
                    + values.size() + "; lower it");
        }
        int cut = values.size() - (int) wanted;
        return new Split<>(values.subList(0, cut), values.subList(cut, values.size()));
    }
}
