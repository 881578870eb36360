package org.panamask.diffusion;

/// What the cross entropies of a row's hidden tokens are multiplied with, by the time of the row.
public sealed interface RowWeighting {
    /// One over the probability of a token to be hidden.
    record InverseRate() implements RowWeighting {}

    /// The weight of a schedule.
    ///
    /// @param schedule of the noise
    record Scheduled(AlphaSchedule schedule) implements RowWeighting {}

    /// 1.
    record Uniform() implements RowWeighting {}

    /// The factor at time `t`, which under [InverseRate] is the probability itself.
    default double at(float t) {
        return switch (this) {
            case InverseRate() -> 1.0 / t;
            case Scheduled(AlphaSchedule schedule) -> schedule.weight(t);
            case Uniform() -> 1;
        };
    }
}
