package org.panamask.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A safetensors header: eight bytes that give its length, then JSON, then the data without a hole.
///
/// @param metadata what `__metadata__` holds
/// @param entries by name, in the order of the header; offsets count from the start of the file
/// @see <a href="https://huggingface.co/docs/safetensors/index#format">the format</a>
record SafetensorsHeader(Map<String, String> metadata, Map<String, Safetensors.Entry> entries) {
    static final int PREFIX_BYTES = 8;
    static final long MOST_BYTES = JsonText.MOST_BYTES;
    static final String DAMAGED = "the file is damaged or made to harm, fetch or write it again";

    static SafetensorsHeader read(String file, MemorySegment bytes) {
        long size = bytes.byteSize();
        if (size < PREFIX_BYTES) {
            throw new CheckpointException(file + ": a safetensors file starts with 8 bytes of header length, but got "
                    + size + " bytes in all; " + DAMAGED);
        }
        long length = bytes.get(Elements.LONG, 0);
        if (length < 0 || length > MOST_BYTES) {
            throw new CheckpointException(file + ": a header has at most " + MOST_BYTES + " bytes, but got "
                    + Long.toUnsignedString(length) + "; " + DAMAGED);
        }
        if (length > size - PREFIX_BYTES) {
            throw new CheckpointException(file + ": the header must fit the file, but got " + length
                    + " bytes of header in a file of " + size + "; " + DAMAGED);
        }
        if (length == 0 || bytes.get(ValueLayout.JAVA_BYTE, PREFIX_BYTES) != '{') {
            throw new CheckpointException(file + ": the header must start with '{', but got "
                    + (length == 0 ? "no header" : "byte " + (bytes.get(ValueLayout.JAVA_BYTE, PREFIX_BYTES) & 0xFF))
                    + "; check that this is a safetensors file");
        }
        byte[] header = bytes.asSlice(PREFIX_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        HeaderReader.Content content = HeaderReader.read(file, header);
        long start = PREFIX_BYTES + length;
        requireNoGaps(file, content.entries(), size - start);
        Map<String, Safetensors.Entry> entries = new LinkedHashMap<>();
        content.entries().forEach((name, entry) -> entries.put(name, entry.movedBy(start)));
        return new SafetensorsHeader(
                Collections.unmodifiableMap(content.metadata()), Collections.unmodifiableMap(entries));
    }

    private static void requireNoGaps(String file, Map<String, Safetensors.Entry> entries, long dataBytes) {
        List<Safetensors.Entry> ordered = new ArrayList<>(entries.values());
        ordered.sort(Comparator.comparingLong(Safetensors.Entry::offset).thenComparingLong(Safetensors.Entry::bytes));
        long end = 0;
        for (Safetensors.Entry entry : ordered) {
            if (entry.offset() != end) {
                String fault = entry.offset() > end ? "leave no hole" : "not overlap";
                throw new CheckpointException(file + ": tensors must " + fault + ", but got tensor "
                        + Printable.of(entry.name()) + " at byte " + entry.offset() + " where " + end
                        + " comes next; " + DAMAGED);
            }
            end = entry.offset() + entry.bytes();
        }
        if (end != dataBytes) {
            String fault = end > dataBytes ? "the file is cut short, fetch it again" : DAMAGED;
            throw new CheckpointException(file + ": the tensors must fill the file, but got " + end
                    + " bytes of tensors and " + dataBytes + " bytes of data; " + fault);
        }
    }
}
