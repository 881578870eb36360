package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void anExtentIsCountedFromEitherEnd() {
        Shape shape = Shape.of(2, 3, 5);
        assertThat(shape.extent(0)).isEqualTo(2);
        assertThat(shape.extent(-1)).isEqualTo(5);
        assertThat(shape.last()).isEqualTo(5);
        assertThat(shape.rows()).isEqualTo(6);
        assertThat(shape.count()).isEqualTo(30);
        assertThat(shape.rank()).isEqualTo(3);
    }

    @Test
    void aScalarHasOneElement() {
        assertThat(Shape.of().count()).isOne();
        assertThat(Shape.of().last()).isOne();
        assertThat(Shape.of().rows()).isOne();
    }

    @Test
    void anExtentMayBeZero() {
        assertThat(Shape.of(4, 0).count()).isZero();
    }

    @Test
    void equalExtentsAreEqualShapes() {
        assertThat(Shape.of(2, 3)).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
        assertThat(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2)).hasToString("[2, 3]");
        assertThat(Shape.of(2, 3).withLast(7)).isEqualTo(Shape.of(2, 7));
    }

    @Test
    void changingTheGivenArrayDoesNotChangeTheShape() {
        long[] extents = {2, 3};
        Shape shape = Shape.of(extents);
        extents[0] = 9;
        shape.toArray()[1] = 9;
        assertThat(shape).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void impossibleExtentsAreRefused() {
        assertThatThrownBy(() -> Shape.of(2, -1))
                .isInstanceOf(ShapeException.class)
                .hasMessage("shape: extents must not be negative, but got [2, -1]");
        assertThatThrownBy(() -> Shape.of(Long.MAX_VALUE, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessage("shape: too many elements in [9223372036854775807, 2]");
    }
}
