package org.panamask.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardFileTest {
    private static final HexFormat HEX = HexFormat.of();

    @TempDir
    private Path folder;

    @Test
    void checksumsAreCrc32cMasked() {
        // CRC-32C of "123456789" is e3069283, the check value of the CRC catalogue.
        int masked = Integer.rotateRight(0xe3069283, 15) + 0xa282ead8;
        assertThat(TensorBoardRecord.maskedChecksum("123456789".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo(masked);
    }

    @Test
    void theFirstBytesAreThoseOfEveryEventFile() throws IOException {
        try (TensorBoardFile board = TensorBoardFile.create(folder, InstantSource.fixed(Instant.ofEpochSecond(7)))) {
            assertThat(board).isNotNull();
        }
        byte[] bytes = Files.readAllBytes(folder.resolve("events.out.tfevents.7.panamask"));
        assertThat(bytes).hasSize(8 + 4 + 24 + 4);
        assertThat(HEX.formatHex(bytes, 0, 13)).isEqualTo("1800000000000000a37f4b2209");
        assertThat(HEX.formatHex(bytes, 13, 36))
                .isEqualTo("0000000000001c40" + "1a0d"
                        + HEX.formatHex("brain.Event:2".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void aScalarIsAnEventWithASummary() {
        byte[] event = TensorBoardRecord.scalars(Instant.EPOCH, 300, Map.of("a", 1.5));
        assertThat(HEX.formatHex(event))
                .isEqualTo("09" + "0000000000000000" + "10ac02" + "2a0a" + "0a08" + "0a0161" + "150000c03f");
    }

    @Test
    void everyRecordOfARunHasItsChecksums() throws IOException {
        try (TensorBoardFile board = TensorBoardFile.create(folder, InstantSource.fixed(Instant.EPOCH))) {
            board.step(Reports.step(1, 2, 1));
            board.step(Reports.step(2, 2, 1));
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("events.out.tfevents.0.panamask")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int records = 0;
        while (bytes.hasRemaining()) {
            int start = bytes.position();
            int length = (int) bytes.getLong();
            assertThat(bytes.getInt())
                    .isEqualTo(TensorBoardRecord.maskedChecksum(Arrays.copyOfRange(bytes.array(), start, start + 8)));
            byte[] event = new byte[length];
            bytes.get(event);
            assertThat(bytes.getInt()).isEqualTo(TensorBoardRecord.maskedChecksum(event));
            records++;
        }
        assertThat(records).isEqualTo(3);
    }
}
