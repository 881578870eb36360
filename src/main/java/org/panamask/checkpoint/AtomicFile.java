package org.panamask.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/// Writes a file so that a kill at any instant leaves either the old content or the new one, never a part.
public final class AtomicFile {
    private AtomicFile() {}

    /// Gives the bytes of a file.
    @FunctionalInterface
    public interface Content {
        /// Writes everything to `channel`.
        ///
        /// @throws IOException if the channel refuses
        void writeTo(FileChannel channel) throws IOException;
    }

    /// Writes `content` to a new file beside `file`, forces it to the disk and moves it into place.
    ///
    /// @throws CheckpointException if the file system refuses; nothing is left behind then
    public static void write(Path file, Content content) {
        Path target = file.toAbsolutePath();
        Path fresh = target.resolveSibling("." + Printable.name(file) + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(fresh, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
            forceFolder(target);
        } catch (IOException e) {
            throw CheckpointException.unwritable(file, e);
        } finally {
            remove(fresh);
        }
    }

    /// The move is lost in a power failure unless the folder reaches the disk too.
    private static void forceFolder(Path target) {
        Path folder = target.getParent();
        if (folder == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException _) {
            // Windows opens no folder; its file system journals the move.
        }
    }

    private static void remove(Path fresh) {
        try {
            Files.deleteIfExists(fresh);
        } catch (IOException _) {
            // The failure that left it is already on its way to the caller.
        }
    }
}
