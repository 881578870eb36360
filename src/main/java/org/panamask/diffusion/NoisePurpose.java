package org.panamask.diffusion;

/// What a random number is for; numbers of different purposes are independent. The order is part of the key: append only.
public enum NoisePurpose {
    /// The time of a row.
    TIME,
    /// Which tokens of a row are masked.
    MASK,
    /// Which activations are dropped.
    DROPOUT,
    /// Which keys after the query are visible while attention opens.
    ANNEAL,
    /// Which token is drawn.
    SAMPLE,
    /// Which hidden columns open.
    ORDER
}
