package org.panamask.tensor;

/// A parameter of a model. Unlike a tensor it owns the forms a backend needs of it (packed for each direction of a
/// product, reduced precision with scales) and, when trainable, the master values that the optimizer changes.
public abstract class Weight {
    private final String name;
    private final Shape shape;
    private final boolean trainable;
    private long version;

    /// Called by backends.
    protected Weight(String name, Shape shape, boolean trainable) {
        this.name = name;
        this.shape = shape;
        this.trainable = trainable;
    }

    /// The name in the checkpoint.
    public final String name() {
        return name;
    }

    /// The extents; `[out, in]` for a linear map.
    public final Shape shape() {
        return shape;
    }

    /// Whether training may change it.
    public final boolean trainable() {
        return trainable;
    }

    /// How often it was changed; packed forms of an older version are stale.
    public final long version() {
        return version;
    }

    /// Says that the values were changed in place.
    public final void changed() {
        version++;
    }

    /// The values, row-major: F32 (F64 in the reference backend's f64) for a trainable weight, otherwise the
    /// type of activations of the job that made it; the reference backend keeps them as stored where it is
    /// not a half.
    public abstract Tensor value();
}
