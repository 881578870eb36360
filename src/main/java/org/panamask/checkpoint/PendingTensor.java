package org.panamask.checkpoint;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

/// A tensor on its way into a file, made piece by piece while it is written, so that it need not stand in memory whole.
///
/// @param name its name
/// @param dtype what an element is
/// @param shape its extents
/// @param pieces its bytes in order, row-major; names and shapes of the pieces do not matter
public record PendingTensor(String name, DType dtype, Shape shape, Supplier<Stream<WeightSource>> pieces) {
    /// A tensor that is there already.
    public static PendingTensor of(WeightSource tensor) {
        return new PendingTensor(tensor.name(), tensor.dtype(), tensor.shape(), () -> Stream.of(tensor));
    }

    long bytes() {
        return Math.multiplyExact(shape.count(), (long) dtype.bytes());
    }
}
