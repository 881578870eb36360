package org.panamask.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JsonGenerator;

/// Writes safetensors files: tensors in the order given, header padded with spaces to eight bytes, all or nothing.
public final class SafetensorsWriter {
    /// What PyTorch's readers want in the metadata.
    public static final Map<String, String> PYTORCH = Map.of("format", "pt");

    private static final int STAGING_BYTES = 1 << 20;

    private SafetensorsWriter() {}

    /// Writes `tensors` to `file` through [AtomicFile]. The file is readable as a whole or not there.
    ///
    /// @throws CheckpointException if a name comes twice, the header grows over 100 MB, or the file system refuses
    public static void write(Path file, Map<String, String> metadata, List<WeightSource> tensors) {
        stream(file, metadata, tensors.stream().map(PendingTensor::of).toList());
    }

    /// [#write] for tensors that are made while they are written, one piece after another.
    ///
    /// @throws CheckpointException if a name comes twice, the pieces of a tensor do not make it up, the header
    ///     grows over 100 MB, or the file system refuses
    public static void stream(Path file, Map<String, String> metadata, List<PendingTensor> tensors) {
        byte[] header = header(Printable.name(file), metadata, tensors);
        AtomicFile.write(file, channel -> {
            ByteBuffer start = ByteBuffer.allocate(SafetensorsHeader.PREFIX_BYTES + header.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .put(header)
                    .flip();
            writeFully(channel, start);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment staging = arena.allocate(STAGING_BYTES);
                for (PendingTensor tensor : tensors) {
                    writePieces(file, channel, staging, tensor);
                }
            }
        });
    }

    private static byte[] header(String file, Map<String, String> metadata, List<PendingTensor> tensors) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>(Set.of(HeaderReader.METADATA));
        try (JsonGenerator json = JsonText.STREAM.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart(HeaderReader.METADATA);
                metadata.forEach((key, value) -> {
                    requireText(file, key);
                    requireText(file, value);
                    json.writeStringProperty(key, value);
                });
                json.writeEndObject();
            }
            long offset = 0;
            for (PendingTensor tensor : tensors) {
                requireText(file, tensor.name());
                if (!names.add(tensor.name())) {
                    throw new CheckpointException(file + ": a tensor name must occur once, but got "
                            + Printable.of(tensor.name()) + " twice; rename one of them");
                }
                offset = writeEntry(json, tensor, offset);
            }
            json.writeEndObject();
        }
        while (bytes.size() % SafetensorsHeader.PREFIX_BYTES != 0) {
            bytes.write(' ');
        }
        if (bytes.size() > SafetensorsHeader.MOST_BYTES) {
            throw new CheckpointException(file + ": a header has at most " + SafetensorsHeader.MOST_BYTES
                    + " bytes, but got " + bytes.size() + "; write several files");
        }
        return bytes.toByteArray();
    }

    /// Half a surrogate pair would be written as something else, and two names could become one.
    private static void requireText(String file, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new CheckpointException(file + ": names and metadata must be Unicode text, but got "
                    + Printable.of(text) + "; rename the tensor");
        }
    }

    private static long writeEntry(JsonGenerator json, PendingTensor tensor, long offset) {
        long end = Math.addExact(offset, tensor.bytes());
        json.writeObjectPropertyStart(tensor.name());
        json.writeStringProperty("dtype", tensor.dtype().name());
        json.writeName("shape");
        long[] extents = tensor.shape().toArray();
        json.writeArray(extents, 0, extents.length);
        json.writeName("data_offsets");
        json.writeArray(new long[] {offset, end}, 0, 2);
        json.writeEndObject();
        return end;
    }

    private static void writePieces(Path file, FileChannel channel, MemorySegment staging, PendingTensor tensor)
            throws IOException {
        long bytes = 0;
        try (Stream<WeightSource> pieces = tensor.pieces().get()) {
            for (WeightSource piece : (Iterable<WeightSource>) pieces::iterator) {
                writeData(channel, staging, piece.data());
                bytes += piece.data().byteSize();
            }
        }
        if (bytes != tensor.bytes()) {
            throw new CheckpointException(Printable.name(file) + ": the pieces of " + Printable.of(tensor.name())
                    + " must have " + tensor.bytes() + " bytes, but have " + bytes + "; make all of its rows");
        }
    }

    private static void writeData(FileChannel channel, MemorySegment staging, MemorySegment data) throws IOException {
        for (long done = 0; done < data.byteSize(); ) {
            long piece = Math.min(staging.byteSize(), data.byteSize() - done);
            MemorySegment.copy(data, done, staging, 0, piece);
            writeFully(channel, staging.asSlice(0, piece).asByteBuffer());
            done += piece;
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
