package org.panamask.backend.reference;

import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A weight whose only form is its values.
final class ReferenceWeight extends Weight {
    private final Tensor value;

    ReferenceWeight(String name, Tensor value, boolean trainable) {
        super(name, value.shape(), trainable);
        this.value = value;
    }

    @Override
    public Tensor value() {
        return value;
    }
}
