package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

class SafetensorsWriterTest {
    @TempDir
    Path folder;

    @Test
    void writesTheBytesTheFormatAsksFor() throws IOException {
        Path file = folder.resolve("two.safetensors");
        SafetensorsWriter.write(
                file,
                SafetensorsWriter.PYTORCH,
                List.of(
                        WeightSource.of("b", Shape.of(1, 2), new float[] {1, -2}),
                        WeightSource.of("a", DType.BF16, Shape.of(), new float[] {3})));
        String header = "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                + "\"a\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[8,10]}}";
        byte[] written = Files.readAllBytes(file);
        int length = written[0] & 0xFF;
        assertThat(length % 8).isZero();
        assertThat(new String(written, 8, length, StandardCharsets.UTF_8).stripTrailing())
                .isEqualTo(header);
        assertThat(written).endsWith(0, 0, (byte) 0x80, 0x3F, 0, 0, 0, (byte) 0xC0, 0x40, 0x40);
    }

    @Test
    void everyFloatTypeComesBack() {
        Path file = folder.resolve("types.safetensors");
        float[] values = {0, -0f, 1.5f, Float.POSITIVE_INFINITY, -65504};
        List<DType> types = List.of(DType.F64, DType.F32, DType.F16);
        SafetensorsWriter.write(
                file,
                Map.of(),
                types.stream()
                        .map(type -> WeightSource.of(type.name(), type, Shape.of(5), values))
                        .toList());
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.metadata()).isEmpty();
            types.forEach(type -> assertThat(opened.floats(type.name())).containsExactly(values));
        }
    }

    @Test
    void copiesAMappedFileWithoutConvertingIt() {
        Path source = Fixtures.ddm("models/llama-tiny-bf16/model-00002-of-00002.safetensors");
        Path copy = folder.resolve("copy.safetensors");
        try (Safetensors opened = Safetensors.open(source)) {
            List<WeightSource> tensors = new ArrayList<>();
            opened.names().forEach(name -> tensors.add(opened.tensor(name)));
            SafetensorsWriter.write(copy, opened.metadata(), tensors);
            try (Safetensors read = Safetensors.open(copy)) {
                assertThat(read.names()).containsExactlyElementsOf(opened.names());
                assertThat(read.metadata()).isEqualTo(opened.metadata());
                opened.names()
                        .forEach(name -> assertThat(read.data(name).mismatch(opened.data(name)))
                                .isEqualTo(-1));
            }
        }
    }

    @Test
    void tensorsLargerThanTheStagingBufferAreWrittenWhole() {
        float[] values = new float[600_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path file = folder.resolve("large.safetensors");
        SafetensorsWriter.write(file, Map.of(), List.of(WeightSource.of("x", Shape.of(values.length), values)));
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.floats("x")).isEqualTo(values);
        }
    }

    @Test
    void refusesANameTwiceAndTheReservedOne() {
        WeightSource tensor = WeightSource.of("x", Shape.of(1), new float[1]);
        Path file = folder.resolve("twice.safetensors");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of(tensor, tensor)))
                .withMessage("twice.safetensors: a tensor name must occur once, but got x twice; rename one of them");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of(tensor.named("__metadata__"))))
                .withMessage("twice.safetensors: a tensor name must occur once, but got __metadata__ twice;"
                        + " rename one of them");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of(tensor.named("\ud800"))))
                .withMessage("twice.safetensors: names and metadata must be Unicode text, but got \\ud800;"
                        + " rename the tensor");
        assertThat(file).doesNotExist();
    }

    @Test
    void tensorsAreMadePieceByPiece() {
        Path file = folder.resolve("pieces.safetensors");
        WeightSource whole = WeightSource.of("x", Shape.of(3, 2), new float[] {1, 2, 3, 4, 5, 6});
        PendingTensor rows =
                new PendingTensor("x", DType.F32, whole.shape(), () -> Stream.of(whole.rows(0, 1), whole.rows(1, 3)));
        SafetensorsWriter.stream(file, Map.of(), List.of(rows));
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.floats("x")).containsExactly(1, 2, 3, 4, 5, 6);
        }
        PendingTensor lacking = new PendingTensor("x", DType.F32, whole.shape(), () -> Stream.of(whole.rows(1, 3)));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsWriter.stream(file, Map.of(), List.of(lacking)))
                .withMessage("pieces.safetensors: the pieces of x must have 24 bytes, but have 16; make all of its"
                        + " rows");
    }

    @Test
    void refusesBytesThatDoNotFitTheShape() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> WeightSource.of("x", Shape.of(2), new float[1]))
                .withMessage("memory: tensor x F32 [2] takes 8 bytes, but got 4; correct its shape or type");
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("state.json"), "old");
        assertThatIllegalStateException()
                .isThrownBy(() -> AtomicFile.write(file, channel -> {
                    channel.write(StandardCharsets.UTF_8.encode("ne"));
                    throw new IllegalStateException("stopped");
                }));
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void replacesAFileThatIsMappedWithoutDisturbingItsReaders() {
        Path file = folder.resolve("x.safetensors");
        SafetensorsWriter.write(file, Map.of(), List.of(WeightSource.of("x", Shape.of(1), new float[] {1})));
        try (Safetensors before = Safetensors.open(file)) {
            SafetensorsWriter.write(file, Map.of(), List.of(WeightSource.of("x", Shape.of(1), new float[] {2})));
            assertThat(before.floats("x")).containsExactly(1);
        }
        try (Safetensors after = Safetensors.open(file)) {
            assertThat(after.floats("x")).containsExactly(2);
        }
    }

    @Test
    void saysWhereItCannotWrite() {
        Path file = folder.resolve("none/x.safetensors");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsWriter.write(file, Map.of(), List.of()))
                .withMessageStartingWith(file + ": the file must be writable, but got NoSuchFileException (")
                .withMessageEndingWith("); check the folder, its rights and the free space");
    }
}
