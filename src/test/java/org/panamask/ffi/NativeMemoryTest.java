package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativeMemoryTest {
    private final NativeMemory memory = NativeMemory.create(64);

    @ParameterizedTest
    @ValueSource(longs = {1, 63, 64, 65, 4097, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, (6 << 20) + 3})
    void blocksAreAlignedAndAsLongAsAsked(long bytes) {
        MemorySegment block = memory.take(bytes);
        try {
            assertThat(block.byteSize()).isEqualTo(bytes);
            assertThat(block.address() % 64).isZero();
            block.fill((byte) 7);
            assertThat(block.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 7);
        } finally {
            memory.give(block);
        }
    }

    @Test
    void noBytesAreABlockToo() {
        MemorySegment block = memory.take(0);
        assertThat(block.byteSize()).isZero();
        assertThat(block.address()).isNotZero();
        memory.give(block);
    }

    @Test
    void whatTheSystemDoesNotHaveIsRefused() {
        assertThatExceptionOfType(OutOfMemoryError.class)
                .isThrownBy(() -> memory.take(1L << 60))
                .withMessage("the C library has no block of 1152921504606846976 bytes");
    }
}
