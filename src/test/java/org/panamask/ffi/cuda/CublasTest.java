package org.panamask.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.emulator.Emulator;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CublasGroups.Group;
import org.panamask.ffi.cuda.CublasGroups.Shape;
import org.panamask.ffi.cuda.CublasLtLayout.Extent;

/// The wrappers of cuBLAS and cuBLASLt on small products.
class CublasTest {
    private static final long BYTES = 1 << 16;

    private final NativeObjects objects = new NativeObjects();
    private final Arena host = Arena.ofConfined();
    private CudaContext context;
    private CudaStream stream;
    private DeviceMemory memory;
    private PinnedMemory pinned;

    @BeforeEach
    void start() {
        Emulator.require();
        context = CudaContext.retain(CudaDriver.load().facts(0), objects);
        stream = CudaStream.create(context);
        memory = DeviceMemory.take(context, BYTES);
        pinned = PinnedMemory.take(context, BYTES);
    }

    @AfterEach
    void stop() {
        host.close();
        if (context != null) {
            pinned.close();
            memory.close();
            stream.close();
            context.close();
            assertThat(objects.byKind()).isEmpty();
        }
    }

    private long address(long offset) {
        return memory.slice(offset, 0).address();
    }

    private void write(long offset, float... values) {
        for (int i = 0; i < values.length; i++) {
            pinned.memory().set(ValueLayout.JAVA_FLOAT, offset + 4L * i, values[i]);
        }
        send(offset, 4L * values.length);
    }

    private void send(long offset, long bytes) {
        stream.copyToDevice(pinned.memory().asSlice(offset, bytes), address(offset));
        stream.synchronize();
    }

    private float[] read(long offset, int count) {
        MemorySegment to = pinned.memory().asSlice(offset, 4L * count);
        stream.copyToHost(address(offset), to);
        stream.synchronize();
        return to.toArray(ValueLayout.JAVA_FLOAT);
    }

    private CublasLtHandle.Workspace workspace() {
        return new CublasLtHandle.Workspace(address(BYTES / 2), BYTES / 2);
    }

    /// `[2, 3]` times `[3, 2]`, column by column.
    private static CublasLtProduct product(CublasLtHandle handle, CublasType type, boolean turnLeft) {
        CublasLtDescriptor descriptor = CublasLtDescriptor.create(handle, CublasLtDescriptor.Compute.F32);
        descriptor.turn(turnLeft, false);
        int m = type.isFp8() ? 16 : 2;
        int k = type.isFp8() ? 16 : 3;
        return new CublasLtProduct(
                descriptor,
                CublasLtLayout.create(handle, turnLeft ? new Extent(type, k, m, k) : new Extent(type, m, k, m)),
                CublasLtLayout.create(handle, new Extent(type, k, m, k)),
                CublasLtLayout.create(handle, new Extent(type.isFp8() ? CublasType.BF16 : type, m, m, m)));
    }

    @Test
    void productsAreFormedColumnByColumn() {
        CublasLtHandle.load();
        write(0, 1, 2, 3, 4, 5, 6);
        write(256, 1, 0, 1, 0, 1, 1);
        write(512, 10, 20, 30, 40);
        try (CublasLtHandle handle = CublasLtHandle.create(context);
                CublasLtProduct product = product(handle, CublasType.F32, false);
                CublasLtPreference preference = CublasLtPreference.create(handle, BYTES / 2)) {
            CublasLtAlgorithm algorithm = handle.best(product, preference).orElseThrow();
            handle.multiply(
                    product,
                    new CublasLtProduct.Operands(address(0), address(256), address(512), 2, 1),
                    new CublasLtHandle.Way(algorithm, workspace(), stream));
            // Columns (1, 2), (3, 4), (5, 6) times (1, 0, 1) and (0, 1, 1).
            assertThat(read(512, 4)).containsExactly(10 + 12, 20 + 16, 30 + 16, 40 + 20);
            assertThat(handle.check(product, algorithm)).isPresent();
            assertThat(algorithm.parts()).isLessThan(2);
            assertThat(algorithm.configuration()).startsWith("algorithm ");
        }
    }

    @Test
    void eightBitsWantTheLeftOperandTurned() {
        CublasLtHandle.load();
        try (CublasLtHandle handle = CublasLtHandle.create(context);
                CublasLtProduct turned = product(handle, CublasType.E4M3, true);
                CublasLtProduct plain = product(handle, CublasType.E4M3, false);
                CublasLtPreference preference = CublasLtPreference.create(handle, BYTES / 2)) {
            assertThat(handle.best(turned, preference)).isPresent();
            assertThat(handle.best(plain, preference)).isEmpty();
        }
    }

    @Test
    void refusalsNameTheCallAndTheStatus() {
        CublasLtHandle.load();
        try (CublasLtHandle handle = CublasLtHandle.create(context);
                CublasLtProduct product = product(handle, CublasType.F32, false);
                CublasLtPreference preference = CublasLtPreference.create(handle, BYTES / 2)) {
            CublasLtAlgorithm algorithm = handle.best(product, preference).orElseThrow();
            assertThatExceptionOfType(CublasException.class)
                    .isThrownBy(() -> handle.multiply(
                            product,
                            new CublasLtProduct.Operands(64, 128, 192, 1, 0),
                            new CublasLtHandle.Way(algorithm, workspace(), stream)))
                    .withMessageStartingWith("cublasLtMatmul failed: CUBLAS_STATUS_INVALID_VALUE");
        }
    }

    @Test
    void groupsOfSeveralShapesRunTogether() {
        CublasHandle.load();
        write(0, 1, 2, 3, 4);
        write(256, 5, 6);
        write(512, 7, 8, 9);
        write(768, 2, 3);
        write(1024, 0, 0);
        write(1280, 0, 0, 0, 0, 0, 0);
        // [2, 2] [2, 1] and [3, 1] [1, 2].
        long[] lists = {address(0), address(512), address(256), address(768), address(1024), address(1280)};
        for (int i = 0; i < lists.length; i++) {
            pinned.memory().set(ValueLayout.JAVA_LONG, 2048 + 8L * i, lists[i]);
        }
        send(2048, 48);
        try (CublasHandle handle = CublasHandle.create(stream, workspace())) {
            handle.multiply(new CublasGroups(
                    List.of(
                            new Group(new Shape(2, 1, 2, false, false), 1, 1, 0),
                            new Group(new Shape(3, 2, 1, false, false), 1, 2, 0)),
                    CublasType.F32,
                    address(2048),
                    address(2064),
                    address(2080)));
            assertThat(read(1024, 2)).containsExactly(5 + 18, 10 + 24);
            assertThat(read(1280, 6)).containsExactly(28, 32, 36, 42, 48, 54);
        }
    }

    @Test
    void batchesStepFromMatrixToMatrix() {
        CublasHandle.load();
        write(0, 1, 2, 3, 4);
        write(256, 5, 6);
        write(512, 0, 0);
        try (CublasHandle handle = CublasHandle.create(stream, workspace())) {
            handle.multiply(new CublasHandle.Batch(
                    new Shape(1, 1, 2, true, false),
                    2,
                    new CublasHandle.Types(CublasType.F32, CublasType.F32),
                    new CublasHandle.Strides(2, 0, 1),
                    new CublasLtProduct.Operands(address(0), address(256), address(512), 1, 0)));
            assertThat(read(512, 2)).containsExactly(5 + 12, 15 + 24);
        }
    }
}
