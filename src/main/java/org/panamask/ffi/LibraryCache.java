package org.panamask.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/// Files that a loader cannot take out of a jar, kept in a folder. A file is written under a temporary name, checked
/// and moved into place at once, so processes that start together see it whole or not at all.
///
/// Hashing 90 MB with SHA-256 at every start would cost up to a third of a second, so the folder's name is the SHA-256
/// of what the jar's directory says of the entry (name, size, CRC-32), and a file already there is checked against size
/// and CRC-32, which processors compute at the speed of memory.
final class LibraryCache {
    private record Fingerprint(long size, long crc) {}

    private final Path folder;

    LibraryCache(Path folder) {
        this.folder = folder;
    }

    /// The file holding what `resource` holds, extracted if it is not there yet.
    Path fileOf(URL resource, String fileName) throws IOException {
        if (resource.getProtocol().equals("file")) {
            return pathOf(resource);
        }
        URLConnection connection = resource.openConnection();
        Fingerprint wanted = fingerprint(connection);
        Path target = folder.resolve(key(fileName, wanted)).resolve(fileName);
        if (!matches(target, wanted)) {
            extract(connection, target, wanted);
        }
        return target;
    }

    private static Path pathOf(URL resource) throws IOException {
        try {
            return Path.of(resource.toURI());
        } catch (URISyntaxException e) {
            throw new IOException(resource + " does not name a file", e);
        }
    }

    private static Fingerprint fingerprint(URLConnection connection) throws IOException {
        if (connection instanceof JarURLConnection jar) {
            JarEntry entry = jar.getJarEntry();
            if (entry != null && entry.getSize() >= 0 && entry.getCrc() >= 0) {
                return new Fingerprint(entry.getSize(), entry.getCrc());
            }
        }
        try (CheckedInputStream in = new CheckedInputStream(connection.getURL().openStream(), new CRC32())) {
            long size = in.transferTo(OutputStream.nullOutputStream());
            return new Fingerprint(size, in.getChecksum().getValue());
        }
    }

    private static String key(String fileName, Fingerprint print) {
        try {
            byte[] described =
                    "%s %d %08x".formatted(fileName, print.size(), print.crc()).getBytes(StandardCharsets.UTF_8);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(described);
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static boolean matches(Path file, Fingerprint wanted) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != wanted.size()) {
            return false;
        }
        CRC32 crc = new CRC32();
        try (FileChannel channel = FileChannel.open(file)) {
            crc.update(channel.map(MapMode.READ_ONLY, 0, wanted.size()));
        }
        return crc.getValue() == wanted.crc();
    }

    private static void extract(URLConnection connection, Path target, Fingerprint wanted) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(target + " has no folder");
        }
        Files.createDirectories(folder);
        Path partial = Files.createTempFile(folder, "partial-", ".tmp");
        try {
            try (InputStream in = connection.getInputStream()) {
                Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!matches(partial, wanted)) {
                throw new IOException("what was extracted from " + connection.getURL() + " is not what the jar lists");
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }
}
