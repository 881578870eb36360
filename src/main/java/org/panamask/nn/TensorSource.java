package org.panamask.nn;

import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;

/// Where the numbers of a model's weights come from: a folder, or a random start.
@FunctionalInterface
public interface TensorSource {
    /// The numbers of the weight `name`, in `shape`.
    HostTensor tensor(String name, Shape shape);
}
