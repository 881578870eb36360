package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test
    void everyParameterStartsAtAMultipleOfItsSize() {
        Arguments arguments =
                new Arguments().i32(1).pointer(2L).f32(0.5f).bytes(new byte[24]).i64(3);
        assertThat(arguments.offsets()).containsExactly(0, 8, 16, 32, 56);
        assertThat(arguments.values()).hasSize(64).startsWith(1, 0, 0, 0, 0, 0, 0, 0, 2);
    }

    @Test
    void thereIsNoMostNumberOfParameters() {
        Arguments arguments = new Arguments();
        for (int i = 0; i < 40; i++) {
            arguments.i64(i).i32(i);
        }
        assertThat(arguments.offsets()).hasSize(80).endsWith(39 * 16, 39 * 16 + 8);
        assertThat(arguments.values()[39 * 16]).isEqualTo((byte) 39);
        assertThat(arguments.values()[39 * 16 + 8]).isEqualTo((byte) 39);
    }

    @Test
    void equalValuesMakeEqualArguments() {
        Arguments one = new Arguments().i64(1).i32(2);
        assertThat(one)
                .isEqualTo(new Arguments().i64(1).i32(2))
                .hasSameHashCodeAs(new Arguments().i64(1).i32(2));
        assertThat(one)
                .isNotEqualTo(new Arguments().i64(1).i64(2))
                .isNotEqualTo(new Arguments().i64(1).i32(3))
                .isNotEqualTo(new Arguments().i64(1));
    }

    @Test
    void gridsCoverTheirElementsAndRefuseWhatNoDeviceTakes() {
        assertThat(Grid.covering(257, 128)).isEqualTo(new Grid(3, 1, 1, 128, 0));
        assertThat(Grid.covering(0, 128).isEmpty()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> Grid.of(1, 48));
        assertThatIllegalArgumentException().isThrownBy(() -> new Grid(1, 70_000, 1, 128, 0));
    }

    @Test
    void parametersAfterALargeStructureHaveRoom() {
        Arguments arguments = new Arguments().bytes(new byte[192]).i64(7).i32(8);
        assertThat(arguments.values()).hasSize(204);
        assertThat(arguments.values()[192]).isEqualTo((byte) 7);
        assertThat(arguments.offsets()).containsExactly(0, 192, 200);
    }
}
