package org.panamask.diffusion;

/// What a random number is for; numbers of different purposes are independent.
public enum NoisePurpose {
    /// The time of a row.
    TIME(0),
    /// Which tokens of a row are masked.
    MASK(1),
    /// Which activations are dropped.
    DROPOUT(2),
    /// Which keys after the query are visible while attention opens.
    ANNEAL(3),
    /// Which token is drawn.
    SAMPLE(4),
    /// Which hidden columns open.
    ORDER(5),
    /// Whether and where rows are cut.
    LENGTH(6);

    private final int code;

    NoisePurpose(int code) {
        this.code = code;
    }

    /// Its part of the key, below 127; never changed, so that runs can be repeated.
    int code() {
        return code;
    }
}
