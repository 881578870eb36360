package org.panamask.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

/// A safetensors file, memory-mapped. The whole header is checked when the file is opened; after that no entry can
/// point outside the file.
public final class Safetensors implements AutoCloseable {
    private final String file;
    private final SafetensorsHeader header;
    private final MemorySegment bytes;
    private final Arena arena;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private Safetensors(String file, SafetensorsHeader header, MemorySegment bytes, Arena arena) {
        this.file = file;
        this.header = header;
        this.bytes = bytes;
        this.arena = arena;
    }

    /// Where a tensor lies.
    ///
    /// @param name its name
    /// @param dtype what an element is
    /// @param shape its extents
    /// @param offset its first byte, counted from the start of the file
    /// @param bytes how many bytes it has
    public record Entry(String name, DType dtype, Shape shape, long offset, long bytes) {
        Entry movedBy(long distance) {
            return new Entry(name, dtype, shape, offset + distance, bytes);
        }
    }

    /// Maps `file` and checks its header.
    ///
    /// @throws CheckpointException if the file cannot be read or breaks a rule of the format
    public static Safetensors open(Path file) {
        JsonText.requireRegularFile(file);
        String label = Printable.name(file);
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Safetensors mapped = new Safetensors(label, SafetensorsHeader.read(label, bytes), bytes, arena);
            opened = true;
            return mapped;
        } catch (IOException e) {
            throw CheckpointException.unreadable(file, e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /// The last part of the path, as messages name this file.
    public String file() {
        return file;
    }

    /// The names of the tensors, in the order of the header.
    public Set<String> names() {
        return header.entries().keySet();
    }

    /// The tensors by name, in the order of the header.
    public Map<String, Entry> entries() {
        return header.entries();
    }

    /// What `__metadata__` holds; empty where the file has none.
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /// The tensor called `name`.
    ///
    /// @throws CheckpointException if there is none
    /// @throws IllegalStateException if the file is closed
    public WeightSource tensor(String name) {
        Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new CheckpointException(
                    file + ": tensor " + Printable.of(name) + " is needed, but the file has none of that name");
        }
        return tensor(entry);
    }

    /// The bytes of the tensor called `name`: a read-only view, valid until this file is closed.
    ///
    /// @throws CheckpointException if there is none
    /// @throws IllegalStateException if the file is closed
    public MemorySegment data(String name) {
        return tensor(name).data();
    }

    /// The elements of the tensor called `name` as 32-bit floats, from F64, F32, F16 or BF16.
    ///
    /// @throws CheckpointException if there is none or it is of another type
    public float[] floats(String name) {
        return tensor(name).floats();
    }

    /// The elements of the tensor called `name` as 64-bit floats, from F64, F32, F16 or BF16.
    ///
    /// @throws CheckpointException if there is none or it is of another type
    public double[] doubles(String name) {
        return tensor(name).doubles();
    }

    /// The elements of the tensor called `name` as 32-bit integers, from I64, I32, I16, I8, U8 or BOOL.
    ///
    /// @throws CheckpointException if there is none or it is of another type
    public int[] ints(String name) {
        return tensor(name).ints();
    }

    /// Unmaps the file; bytes handed out before may not be read any more. Closing twice does nothing.
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            arena.close();
        }
    }

    WeightSource tensor(Entry entry) {
        if (!open.get()) {
            throw new IllegalStateException(file + " is closed");
        }
        return new WeightSource(
                file, entry.name(), entry.dtype(), entry.shape(), bytes.asSlice(entry.offset(), entry.bytes()));
    }
}
