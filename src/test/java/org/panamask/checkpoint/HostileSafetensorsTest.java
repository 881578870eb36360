package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that are damaged or made to harm: each is refused, and the message says where it breaks which rule.
class HostileSafetensorsTest {
    private static final String DAMAGED = "; the file is damaged or made to harm, fetch or write it again";

    @TempDir
    Path folder;

    private static byte[] claiming(long headerBytes) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(headerBytes)
                .put("{}      ".getBytes(StandardCharsets.UTF_8))
                .array();
    }

    private static Arguments hostile(String name, byte[] bytes, String message) {
        return arguments(name, bytes, message);
    }

    private static Arguments entry(String name, String entry, String message) {
        return arguments(name, SafetensorsBytes.of("{\"a\":" + entry + "}", 8), message + DAMAGED);
    }

    static Stream<Arguments> hostileLengths() {
        return Stream.of(
                hostile(
                        "empty",
                        new byte[0],
                        "a safetensors file starts with 8 bytes of header length, but got 0 bytes in all" + DAMAGED),
                hostile(
                        "seven bytes",
                        new byte[7],
                        "a safetensors file starts with 8 bytes of header length, but got 7 bytes in all" + DAMAGED),
                hostile(
                        "header longer than the file",
                        claiming(9),
                        "the header must fit the file, but got 9 bytes of header in a file of 16" + DAMAGED),
                hostile(
                        "header over 100 MB",
                        claiming(100_000_001),
                        "a header has at most 100000000 bytes, but got 100000001" + DAMAGED),
                hostile(
                        "header length with the sign bit",
                        claiming(-1),
                        "a header has at most 100000000 bytes, but got 18446744073709551615" + DAMAGED),
                hostile(
                        "no header",
                        claiming(0),
                        "the header must start with '{', but got no header; check that this is a safetensors file"),
                hostile(
                        "header is a list",
                        SafetensorsBytes.of("[]", 0),
                        "the header must start with '{', but got byte 91; check that this is a safetensors file"));
    }

    static Stream<Arguments> hostileJson() {
        byte[] badUtf8 = "{\"a?\":1}".getBytes(StandardCharsets.UTF_8);
        badUtf8[3] = (byte) 0xFF;
        byte[] cutUtf8 = "{\"a\":1}?".getBytes(StandardCharsets.UTF_8);
        cutUtf8[7] = (byte) 0xC3;
        return Stream.of(
                hostile(
                        "not UTF-8",
                        SafetensorsBytes.of(badUtf8, 0),
                        "the header must be UTF-8, but got other bytes at byte 3; fetch or write it again"),
                hostile(
                        "UTF-8 cut short",
                        SafetensorsBytes.of(cutUtf8, 0),
                        "the header must be UTF-8, but got other bytes at byte 7; fetch or write it again"),
                hostile(
                        "more after the object",
                        SafetensorsBytes.of("{}{}", 0),
                        "the header must be one JSON object, but got an object after it" + DAMAGED),
                hostile(
                        "a name twice",
                        SafetensorsBytes.of(
                                "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                                        + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                                2),
                        "a tensor name must occur once, but got a twice" + DAMAGED),
                hostile(
                        "metadata twice",
                        SafetensorsBytes.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0),
                        "a tensor name must occur once, but got __metadata__ twice" + DAMAGED),
                hostile(
                        "a metadata key twice",
                        SafetensorsBytes.of("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0),
                        "__metadata__ must hold a key once, but got k twice" + DAMAGED),
                hostile(
                        "metadata of another kind",
                        SafetensorsBytes.of("{\"__metadata__\":{\"k\":1}}", 0),
                        "__metadata__ k must be text, but got the number 1" + DAMAGED),
                hostile(
                        "nested metadata",
                        SafetensorsBytes.of("{\"__metadata__\":[]}", 0),
                        "__metadata__ must be an object, but got a list" + DAMAGED),
                hostile(
                        "a nesting bomb",
                        SafetensorsBytes.of("{\"a\":" + "[".repeat(1_000_000), 0),
                        "tensor a must be an object, but got a list" + DAMAGED),
                hostile(
                        "a nesting bomb of objects",
                        SafetensorsBytes.of("{\"a\":".repeat(100_000), 0),
                        "tensor a must have dtype, shape and data_offsets only, but got a" + DAMAGED));
    }

    static Stream<Arguments> hostileEntries() {
        return Stream.of(
                entry("a number", "1", "tensor a must be an object, but got the number 1"),
                entry("null", "null", "tensor a must be an object, but got null"),
                entry(
                        "fields missing",
                        "{\"dtype\":\"U8\",\"shape\":[8]}",
                        "tensor a must have dtype, shape and data_offsets, but got only some of them"),
                entry(
                        "a field twice",
                        "{\"dtype\":\"U8\",\"dtype\":\"U8\"}",
                        "tensor a must have dtype once, but got it twice"),
                entry(
                        "an unknown field",
                        "{\"dtype\":\"U8\",\"strides\":[8]}",
                        "tensor a must have dtype, shape and data_offsets only, but got strides"),
                entry("dtype a number", "{\"dtype\":8}", "tensor a dtype must be text, but got the number 8"),
                entry("shape a number", "{\"shape\":8}", "tensor a shape must be a list, but got the number 8"),
                entry(
                        "an extent below zero",
                        "{\"shape\":[-1]}",
                        "tensor a shape must hold numbers from 0 to 2^63 - 1, but got -1"),
                entry(
                        "a fractional extent",
                        "{\"shape\":[1.5]}",
                        "tensor a shape must hold whole numbers, but got the number 1.5"),
                entry(
                        "an extent past 63 bits",
                        "{\"shape\":[9223372036854775808]}",
                        "tensor a shape must hold numbers from 0 to 2^63 - 1, but got 9223372036854775808"),
                entry(
                        "too many extents",
                        "{\"shape\":[1" + ",1".repeat(64) + "]}",
                        "tensor a shape must have at most 64 numbers, but got more"),
                entry(
                        "three offsets",
                        "{\"data_offsets\":[0,1,2]}",
                        "tensor a data_offsets must have at most 2 numbers, but got more"),
                entry(
                        "an offset below zero",
                        "{\"data_offsets\":[-8,0]}",
                        "tensor a data_offsets must hold numbers from 0 to 2^63 - 1, but got -8"),
                entry(
                        "an offset in quotes",
                        "{\"data_offsets\":[\"0\",8]}",
                        "tensor a data_offsets must hold whole numbers, but got text"),
                entry(
                        "one offset",
                        "{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8]}",
                        "tensor a data_offsets must be begin and end, begin not after end, but got [8]"),
                entry(
                        "begin after end",
                        "{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,0]}",
                        "tensor a data_offsets must be begin and end, begin not after end, but got [8, 0]"),
                entry(
                        "more elements than 63 bits count",
                        "{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}",
                        "tensor a must have fewer than 2^63 bytes, but got U8 [4294967296, 4294967296]"),
                entry(
                        "more bytes than 63 bits count",
                        "{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,8]}",
                        "tensor a must have fewer than 2^63 bytes, but got F32 [4611686018427387904]"),
                entry(
                        "another size than the shape",
                        "{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}",
                        "tensor a F32 [3] takes 12 bytes, but got data_offsets [0, 8]"));
    }

    static Stream<Arguments> hostileLayouts() {
        return Stream.of(
                hostile(
                        "an unknown type",
                        SafetensorsBytes.of("{\"a\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8),
                        "tensor a dtype must be one of [F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, F8_E4M3,"
                                + " F8_E5M2], but got F4; convert the weights"),
                hostile(
                        "a hole",
                        SafetensorsBytes.of(
                                "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}",
                                5),
                        "tensors must leave no hole, but got tensor b at byte 3 where 2 comes next" + DAMAGED),
                hostile(
                        "a hole at the start",
                        SafetensorsBytes.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3),
                        "tensors must leave no hole, but got tensor a at byte 1 where 0 comes next" + DAMAGED),
                hostile(
                        "an overlap",
                        SafetensorsBytes.of(
                                "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
                                3),
                        "tensors must not overlap, but got tensor b at byte 1 where 2 comes next" + DAMAGED),
                hostile(
                        "trailing bytes",
                        SafetensorsBytes.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 3),
                        "the tensors must fill the file, but got 2 bytes of tensors and 3 bytes of data" + DAMAGED),
                hostile(
                        "data cut short",
                        SafetensorsBytes.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1),
                        "the tensors must fill the file, but got 2 bytes of tensors and 1 bytes of data;"
                                + " the file is cut short, fetch it again"),
                hostile(
                        "data far past the file",
                        SafetensorsBytes.of(
                                "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],"
                                        + "\"data_offsets\":[0,9223372036854775807]}}",
                                1),
                        "the tensors must fill the file, but got 9223372036854775807 bytes of tensors and 1 bytes of"
                                + " data; the file is cut short, fetch it again"),
                hostile(
                        "a name with control characters",
                        SafetensorsBytes.of("{\"a\\n\\u001b[2J\":1}", 0),
                        "tensor a\\u000a\\u001b[2J must be an object, but got the number 1" + DAMAGED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"hostileLengths", "hostileJson", "hostileEntries", "hostileLayouts"})
    void refusesAHostileFile(String name, byte[] bytes, String message) throws IOException {
        Path file = Files.write(folder.resolve("bad.safetensors"), bytes);
        assertThatExceptionOfType(CheckpointException.class)
                .as(name)
                .isThrownBy(() -> Safetensors.open(file))
                .withMessage("bad.safetensors: " + message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\" 1}",
                "{\"\\ud800\":1}",
                "{\"\\udc00\":1}",
                "{\"a\":NaN}",
                "{'a':1}",
                "{\"a\":{\"shape\":[01]}}",
                "{"
            })
    void refusesAHeaderThatIsNotJson(String header) throws IOException {
        Path file = Files.write(folder.resolve("bad.safetensors"), SafetensorsBytes.of(header, 0));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.open(file))
                .withMessageStartingWith("bad.safetensors: the header must be JSON, but got a mistake at line 1, col")
                .withMessageEndingWith(DAMAGED);
    }

    @Test
    void refusesALargeHeaderBeforeReadingIt() throws IOException {
        Path file = folder.resolve("sparse.safetensors");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 40);
            sparse.write(claiming(1L << 39));
        }
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.open(file))
                .withMessage(
                        "sparse.safetensors: a header has at most 100000000 bytes, but got 549755813888" + DAMAGED);
    }

    @Test
    void damagedFilesNeverGiveAnythingButACheckpointException() throws IOException {
        byte[] good = SafetensorsBytes.of(
                "{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}",
                8);
        Random random = new Random(7);
        Path file = folder.resolve("bad.safetensors");
        for (int round = 0; round < 400; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i <= round % 3; i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try (Safetensors opened = Safetensors.open(file)) {
                opened.names()
                        .forEach(
                                name -> assertThat(opened.data(name).byteSize()).isLessThanOrEqualTo(8));
            } catch (CheckpointException expected) {
                assertThat(expected).hasMessageStartingWith("bad.safetensors: ");
            }
        }
    }

    @Test
    void refusesAMissingFileAndAFolder() {
        Path missing = folder.resolve("none.safetensors");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.open(missing))
                .withMessage(missing + ": the file must exist, but there is none; check the path");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.open(folder))
                .withMessage(folder + ": a file is needed, but got a folder or device; check the path");
    }
}
