package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.entry;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NativeHandleTest {
    private static final class Counted extends NativeHandle {
        Counted(NativeObjects objects, AtomicInteger destroyed, int status) {
            super(
                    "dnnl_memory",
                    MemorySegment.ofAddress(1),
                    _ -> {
                        destroyed.incrementAndGet();
                        return status;
                    },
                    objects);
        }
    }

    @Test
    void closesOnceAndRefusesUseAfterwards() {
        NativeObjects objects = new NativeObjects();
        AtomicInteger destroyed = new AtomicInteger();
        Counted handle = new Counted(objects, destroyed, 0);
        assertThat(handle.address().address()).isEqualTo(1);
        assertThat(objects.byKind()).containsExactly(entry("dnnl_memory", 1L));
        handle.close();
        handle.close();
        assertThat(destroyed).hasValue(1);
        assertThat(objects.total()).isZero();
        assertThat(objects.byKind()).isEmpty();
        assertThatIllegalStateException().isThrownBy(handle::address).withMessage("dnnl_memory is closed");
    }

    @Test
    void reportsADestroyFunctionThatFails() {
        Counted handle = new Counted(new NativeObjects(), new AtomicInteger(), 5);
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(handle::close)
                .withMessage("dnnl_memory_destroy failed: dnnl_runtime_error, "
                        + "the primitive or engine failed while running (status 5)");
    }

    @Test
    void namesUnknownStatusesByNumber() {
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(() -> DnnlStatus.check(77, "dnnl_stream_wait"))
                .withMessage("dnnl_stream_wait failed: unknown status, see dnnl_status_t (status 77)")
                .satisfies(e -> assertThat(e.status()).isEqualTo(77));
    }

    @Test
    void refusedPlansNameCallAndStatus() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc a = dnnl.dense(4, 3);
            DnnlMemoryDesc b = dnnl.dense(5, 6);
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> dnnl.plain.matmul(a, b, dnnl.dense(4, 6)))
                    .withMessage("dnnl_matmul_primitive_desc_create failed: dnnl_invalid_arguments, "
                            + "wrong arguments (status 2)");
        }
    }

    @Test
    void primitivesRefuseSmallHeapAndMissingOperands() {
        try (DnnlFixture dnnl = new DnnlFixture();
                Arena arena = Arena.ofConfined()) {
            DnnlMemoryDesc row = dnnl.dense(1, 8);
            DnnlPrimitiveDesc plan = dnnl.own(dnnl.plain.eltwise(DnnlEltwise.silu(), row, row));
            DnnlPrimitive primitive =
                    dnnl.own(DnnlPrimitive.create(plan, List.of(DnnlArgument.src(row), DnnlArgument.dst(row))));
            primitive.bind(0, arena.allocate(32, 64));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> primitive.bind(1, arena.allocate(31)))
                    .withMessage("bind: the operand needs 32 bytes of native memory, but got 31 bytes");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> primitive.bind(1, MemorySegment.ofArray(new float[8])))
                    .withMessage("bind: the operand needs 32 bytes of native memory, but got 32 bytes on the heap");
            DnnlStream stream = dnnl.own(DnnlStream.create(dnnl.engine));
            assertThatIllegalStateException()
                    .isThrownBy(() -> primitive.execute(stream))
                    .withMessage("execute: every slot must be bound, but slot 1 is not");
        }
    }
}
