package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void readsScalarsEmptyTensorsMetadataAndPadding() throws IOException {
        Path file = Files.write(
                folder.resolve("good.safetensors"),
                SafetensorsBytes.of(
                        "{\"__metadata__\":{\"format\":\"pt\"},"
                                + "\"scalar\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
                                + "\"empty\":{\"dtype\":\"F64\",\"shape\":[0,9223372036854775807],"
                                + "\"data_offsets\":[1,1]},"
                                + "\"odd\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}   ",
                        5));
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.names()).containsExactly("scalar", "empty", "odd");
            assertThat(opened.metadata()).isEqualTo(Map.of("format", "pt"));
            assertThat(opened.ints("scalar")).containsExactly(0);
            assertThat(opened.entries().get("scalar").shape()).isEqualTo(Shape.of());
            assertThat(opened.floats("empty")).isEmpty();
            assertThat(opened.floats("odd")).containsExactly(0f);
        }
    }

    @Test
    void readsAFileWithoutTensors() throws IOException {
        Path file = Files.write(folder.resolve("empty.safetensors"), SafetensorsBytes.of("{}", 0));
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.names()).isEmpty();
        }
    }

    @Test
    void convertsEveryType() throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.writeBytes(("{\"i64\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                        + "\"i16\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[16,18]},"
                        + "\"i8\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[18,19]},"
                        + "\"u8\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[19,20]},"
                        + "\"bf16\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[20,22]},"
                        + "\"f16\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[22,24]},"
                        + "\"f64\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[24,32]}}")
                .getBytes(StandardCharsets.UTF_8));
        ByteBuffer bytes =
                ByteBuffer.wrap(SafetensorsBytes.of(header.toByteArray(), 32)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(8 + header.size());
        bytes.putLong(-5).putLong(1L << 40).putShort((short) -2).put((byte) -3).put((byte) 200);
        bytes.putShort(Bfloat16.fromFloat(1.5f))
                .putShort(Float.floatToFloat16(-0.25f))
                .putDouble(1e-300);
        Path file = Files.write(folder.resolve("types.safetensors"), bytes.array());
        try (Safetensors opened = Safetensors.open(file)) {
            assertThat(opened.ints("i16")).containsExactly(-2);
            assertThat(opened.ints("i8")).containsExactly(-3);
            assertThat(opened.ints("u8")).containsExactly(200);
            assertThat(opened.floats("bf16")).containsExactly(1.5f);
            assertThat(opened.floats("f16")).containsExactly(-0.25f);
            assertThat(opened.doubles("f64")).containsExactly(1e-300);
            assertThat(opened.doubles("bf16")).containsExactly(1.5);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.ints("i64"))
                    .withMessage("types.safetensors: tensor i64 must hold 32-bit numbers, but got 1099511627776 at 1;"
                            + " it holds no token ids");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.floats("i8"))
                    .withMessage("types.safetensors: floats are read from F64, F32, F16 and BF16, but got tensor i8 I8"
                            + " [1]; read its bytes instead");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.ints("f16"))
                    .withMessage("types.safetensors: whole numbers are read from I64, I32, I16, I8, U8 and BOOL, but"
                            + " got tensor f16 F16 [1]; read its bytes instead");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> opened.data("other"))
                    .withMessage("types.safetensors: tensor other is needed, but the file has none of that name");
        }
    }

    @Test
    void bytesAreReadOnlyAndGoneAfterClose() {
        Safetensors opened = Safetensors.open(Fixtures.ddm("models/llama-tiny-bf16/model-00001-of-00002.safetensors"));
        MemorySegment data = opened.data("lm_head.weight");
        assertThat(data.isReadOnly()).isTrue();
        assertThat(data.isMapped()).isTrue();
        assertThat(opened.tensor("lm_head.weight").dtype()).isEqualTo(DType.BF16);
        opened.close();
        opened.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> opened.data("lm_head.weight"))
                .withMessage("model-00001-of-00002.safetensors is closed");
        assertThatIllegalStateException().isThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0));
    }
}
