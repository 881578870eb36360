package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class TensorTest {
    private final Scope scope = new Scope("a test");
    private final Tensor tensor = Tensor.of(Shape.of(2, 3), DType.F32, MemorySegment.ofArray(new float[6]), scope);

    @Test
    void aViewIsTheSameValueInAnotherShape() {
        Tensor view = tensor.reshape(3, 2, 1);
        assertThat(view.shape()).isEqualTo(Shape.of(3, 2, 1));
        assertThat(view.identity()).isSameAs(tensor.identity());
        assertThat(view.memory()).isEqualTo(tensor.memory());
        assertThat(view.bytes()).isEqualTo(24);
    }

    @Test
    void twoTensorsOverTheSameMemoryAreTwoValues() {
        Tensor other = Tensor.of(tensor.shape(), DType.F32, tensor.memory(), scope);
        assertThat(other.identity()).isNotSameAs(tensor.identity());
    }

    @Test
    void aViewOfAnotherSizeIsRefused() {
        assertThatThrownBy(() -> tensor.reshape(4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("reshape: [2, 3] has 6 elements, but got [4]");
    }

    @Test
    void tensorsOfAClosedScopeAreRefused() {
        scope.close();
        scope.close();
        assertThatThrownBy(tensor.reshape(6)::memory)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("tensor [6] F32: its scope 'a test' is closed; copy what must outlive it to an owner");
    }

    @Test
    void hostNumbersOfAnotherSizeAreRefused() {
        assertThatThrownBy(() -> HostTensor.of("w", Shape.of(2, 2), 1, 2, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("w: [2, 2] F32 needs 16 bytes, but got 12");
    }

    @Test
    void hostNumbersAreReadFromEveryFloatType() {
        assertThat(HostTensor.of("w", Shape.of(2), 1, -2.5f).at(1)).isEqualTo(-2.5);
        assertThat(host(DType.BF16, (short) 0xBFC0).at(0)).isEqualTo(-1.5);
        assertThat(host(DType.F16, (short) 0x3E00).at(0)).isEqualTo(1.5);
        assertThatThrownBy(() -> host(DType.I16, (short) 1).at(0))
                .isInstanceOf(ShapeException.class)
                .hasMessage("w: weights must be F64, F32, F16 or BF16, but got I16");
    }

    private static HostTensor host(DType dtype, short bits) {
        return new HostTensor("w", dtype, Shape.of(1), MemorySegment.ofArray(new short[] {bits}));
    }
}
