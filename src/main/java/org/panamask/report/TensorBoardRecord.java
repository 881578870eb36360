package org.panamask.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/// The bytes of TensorBoard's event files: TFRecord framing around `Event` messages of protocol buffers. Source:
/// tensorflow, `core/lib/io/record_writer.h` and `core/util/event.proto`, `core/framework/summary.proto`.
final class TensorBoardRecord {
    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED_32 = 5;

    private TensorBoardRecord() {}

    /// Length, its checksum, the event, its checksum; all little-endian.
    static byte[] framed(byte[] event) {
        byte[] length = little(Long.BYTES).putLong(event.length).array();
        return little(event.length + 16)
                .put(length)
                .putInt(maskedChecksum(length))
                .put(event)
                .putInt(maskedChecksum(event))
                .array();
    }

    /// CRC-32C, turned and shifted so that a checksum of checksummed data differs from the data's own
    /// (`core/lib/hash/crc32c.h`, `Mask`).
    static int maskedChecksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
    }

    /// The first event of a file: `Event { wall_time = 1, file_version = 3 }`.
    static byte[] version(Instant time) {
        Message event = new Message();
        event.number(1, seconds(time));
        event.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        return event.bytes();
    }

    /// `Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } ... } }`.
    static byte[] scalars(Instant time, long step, Map<String, Double> values) {
        Message summary = new Message();
        values.forEach((tag, number) -> {
            Message value = new Message();
            value.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
            value.single(2, number.floatValue());
            summary.bytes(1, value.bytes());
        });
        Message event = new Message();
        event.number(1, seconds(time));
        event.whole(2, step);
        event.bytes(5, summary.bytes());
        return event.bytes();
    }

    private static double seconds(Instant time) {
        return time.getEpochSecond() + time.getNano() / 1e9;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// A protocol buffers message being written.
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void number(int field, double value) {
            tag(field, FIXED_64);
            out.writeBytes(little(Double.BYTES).putDouble(value).array());
        }

        void single(int field, float value) {
            tag(field, FIXED_32);
            out.writeBytes(little(Float.BYTES).putFloat(value).array());
        }

        void whole(int field, long value) {
            tag(field, VARINT);
            varint(value);
        }

        void bytes(int field, byte[] value) {
            tag(field, BYTES);
            varint(value.length);
            out.writeBytes(value);
        }

        byte[] bytes() {
            return out.toByteArray();
        }

        private void tag(int field, int wireType) {
            varint((long) field << 3 | wireType);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                out.write((int) (rest & 0x7F | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
