package org.panamask.tensor;

/// Elements of a trainable weight in a row, as a weight of its own for the optimizer: it shares the values. Whoever
/// changes it says [Weight#changed] of the whole afterwards.
public final class WeightPart extends Weight {
    private final Weight whole;
    private final long from;

    /// `count` elements of `whole` from `from` on, in row-major order.
    ///
    /// @throws ShapeException if there are not so many
    public WeightPart(Weight whole, long from, long count) {
        super(whole.name(), Shape.of(count), whole.trainable());
        if (from < 0 || from > whole.shape().count() - count) {
            throw new ShapeException("part: " + whole.name() + " has "
                    + whole.shape().count() + " elements, but got " + count + " from element " + from + " on");
        }
        this.whole = whole;
        this.from = from;
    }

    /// The weight that it is a part of.
    public Weight whole() {
        return whole;
    }

    @Override
    public Tensor value() {
        return whole.value().part(from, shape());
    }
}
