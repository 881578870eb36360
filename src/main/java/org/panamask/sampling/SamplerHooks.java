package org.panamask.sampling;

import java.util.Optional;

/// What a caller adds to the steps of a [BlockSampler].
///
/// @param tokens changes canvases
/// @param logits changes logits; they are read to the host then
/// @param noise given random numbers
public record SamplerHooks(Optional<Tokens> tokens, Optional<Logits> logits, Optional<GivenNoise> noise) {
    /// No hook.
    public static final SamplerHooks NONE = new SamplerHooks(Optional.empty(), Optional.empty(), Optional.empty());

    /// Changes a canvas between steps.
    @FunctionalInterface
    public interface Tokens {
        /// Changes the ids of a row in place: before the first step, and after every one, also those whose pass
        /// is left out. A free column that is no mask afterwards counts as open, and one that is counts as
        /// hidden.
        ///
        /// @param step -1 before the first, then the step of the row
        /// @param row its place in the batch
        /// @param ids its canvas
        void change(int step, int row, int[] ids);
    }

    /// Changes logits before a token is chosen. It is called while a pass runs, so it must not ask the model for
    /// another.
    @FunctionalInterface
    public interface Logits {
        /// Changes the logits of a column in place, after guidance and credit. Minus infinity forbids an id.
        ///
        /// @param step of the row
        /// @param row its place in the batch
        /// @param column which the logits are for
        /// @param logits of all ids
        void change(int step, int row, int column, double[] logits);

        /// Whether the logits of every column are wanted at every step, so that nothing can be left out.
        default boolean wantsAll() {
            return false;
        }
    }

    /// The same with tokens changed by `hook`.
    public SamplerHooks withTokens(Tokens hook) {
        return new SamplerHooks(Optional.of(hook), logits, noise);
    }

    /// The same with logits changed by `hook`.
    public SamplerHooks withLogits(Logits hook) {
        return new SamplerHooks(tokens, Optional.of(hook), noise);
    }

    /// The same with given random numbers.
    public SamplerHooks withNoise(GivenNoise given) {
        return new SamplerHooks(tokens, logits, Optional.of(given));
    }

    /// Whether a hook must see every step and every column.
    boolean wantsAll() {
        return logits.map(Logits::wantsAll).orElse(false);
    }
}
