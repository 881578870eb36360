package org.panamask.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.emulator.Emulator;
import org.panamask.ffi.NativeObjects;

class CudaStreamTest {
    private static final String SOURCE = """
            #include "pmk.cuh"
            PMK_EXPORT void add(float* x, float y) { x[PMK_TID_X] += y; }
            PMK_REGISTER(add)
            """;

    private final NativeObjects objects = new NativeObjects();
    private final Deque<CudaHandle> open = new ArrayDeque<>();
    private CudaContext context;
    private CudaStream stream;
    private DeviceMemory device;
    private MemorySegment pinned;

    @BeforeEach
    void start() {
        Emulator.require();
        context = keep(CudaContext.retain(CudaDriver.load().facts(0), objects));
        stream = keep(CudaStream.create(context));
        device = keep(DeviceMemory.take(context, 256));
        pinned = keep(PinnedMemory.take(context, 256)).memory();
    }

    @AfterEach
    void stop() {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        assertThat(objects.byKind()).isEmpty();
    }

    private <T extends CudaHandle> T keep(T handle) {
        open.push(handle);
        return handle;
    }

    private long at() {
        return device.slice(0, 256).address();
    }

    private float read() {
        stream.copyToHost(at(), pinned);
        stream.synchronize();
        return pinned.getAtIndex(ValueLayout.JAVA_FLOAT, 3);
    }

    private void write(CudaStream on, float value) {
        for (int i = 0; i < 64; i++) {
            pinned.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        on.copyToDevice(pinned, at());
    }

    private CudaFunction add() {
        String header = text("/kernels/pmk.cuh");
        Nvrtc.Compiled compiled = Nvrtc.load()
                .compile(new Nvrtc.Source(
                        "add.cu",
                        SOURCE,
                        new TreeMap<>(Map.of("pmk.cuh", header)),
                        List.of("--gpu-architecture=sm_89", "--std=c++17")));
        return keep(CudaModule.load(context, compiled.image())).function("add");
    }

    private static String text(String resource) {
        try (InputStream in = CudaStreamTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void launch(CudaFunction function, float value) {
        byte[] values = new byte[12];
        MemorySegment parameters = MemorySegment.ofArray(values);
        parameters.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, at());
        parameters.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 8, value);
        stream.launch(function, new CudaStream.Extent(1, 1, 1, 64, 0), values, new int[] {0, 8});
    }

    @Test
    void workOfAStreamRunsInItsOrder() {
        write(stream, 2.5f);
        launch(add(), 1);
        assertThat(read()).isEqualTo(3.5f);
        stream.fill(at(), (byte) 0, 256);
        assertThat(read()).isZero();
        assertThat(stream.isDone()).isTrue();
    }

    @Test
    void eventsOrderStreams() {
        CudaStream other = keep(CudaStream.create(context));
        CudaEvent written = keep(CudaEvent.ordering(context));
        write(other, 7);
        written.record(other);
        stream.waitFor(written);
        launch(add(), 1);
        assertThat(read()).isEqualTo(8);
        assertThat(written.isDone()).isTrue();
    }

    @Test
    void timedEventsKnowTheTimeBetweenThem() {
        CudaEvent first = keep(CudaEvent.timed(context));
        CudaEvent second = keep(CudaEvent.timed(context));
        first.record(stream);
        write(stream, 1);
        second.record(stream);
        second.synchronize();
        assertThat(first.millisecondsUntil(second)).isNotNegative();
    }

    @Test
    void aGraphDoesWhatWasCapturedEachTimeItIsLaunched() {
        CudaFunction add = add();
        write(stream, 1);
        stream.beginCapture();
        launch(add, 2);
        launch(add, 0.5f);
        CudaGraph graph = keep(stream.endCapture());
        assertThat(read()).as("captured work does not run").isEqualTo(1);
        graph.launch(stream);
        graph.launch(stream);
        assertThat(read()).isEqualTo(6);
    }

    @Test
    void whatCannotBeCapturedIsSaidAndTheStreamGoesOnAfterwards() {
        stream.beginCapture();
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(stream::synchronize)
                .withMessageContaining("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
        stream.abandonCapture();
        write(stream, 4);
        assertThat(read()).isEqualTo(4);
    }

    @Test
    void errorsNameFunctionCodeAndText() {
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> CudaModule.load(context, new byte[64]))
                .withMessageStartingWith("cuModuleLoadDataEx failed: CUDA_ERROR_INVALID_IMAGE, ")
                .matches(CudaException::isInvalidImage);
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> DeviceMemory.take(context, 1L << 50))
                .withMessageStartingWith("cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY, ")
                .withMessageEndingWith("(status 2)")
                .matches(CudaException::isOutOfMemory)
                .matches(failure -> !failure.isLost());
    }

    @Test
    void kernelsAreRefusedTooManyParametersAndNamesTheyDoNotHave() {
        CudaFunction add = add();
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> stream.launch(add, new CudaStream.Extent(1, 1, 1, 32, 0), new byte[5000], new int[] {0}))
                .withMessageContaining("at most 256 of 4096 bytes together, but got 1 of 5000");
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> add.allowShared(1 << 20))
                .withMessageStartingWith("cuFuncSetAttribute of add failed");
    }

    @Test
    void closedObjectsAreRefused() {
        stream.close();
        device.close();
        assertThatIllegalStateException().isThrownBy(stream::synchronize).withMessage("CUstream is closed");
        assertThatIllegalStateException().isThrownBy(() -> device.slice(0, 1)).withMessage("CUdeviceptr is closed");
    }

    @Test
    void devicesTellWhatTheyAre() {
        CudaFacts facts = CudaDriver.load().facts(0);
        assertThat(facts.architecture()).isEqualTo("sm_89");
        assertThat(facts.memoryBytes()).isPositive();
        assertThat(context.memory().totalBytes()).isEqualTo(facts.memoryBytes());
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> CudaDriver.load().facts(99))
                .withMessageStartingWith("cuDeviceGet failed: CUDA_ERROR_INVALID_DEVICE");
    }
}
