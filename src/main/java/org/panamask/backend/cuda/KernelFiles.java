package org.panamask.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.panamask.ffi.cuda.Nvrtc;

/// Compiled kernels in a folder and in the jar. A file is the image, so other programs can read it, then the SHA-256 of
/// the image and a mark: what was cut off or changed is found out. Files are written under a temporary name and moved,
/// so processes that start together see each whole or not at all.
final class KernelFiles {
    private static final String FORMAT = "1";
    private static final byte[] MARK = "PMKCUBIN".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGEST_BYTES = 32;

    /// Stands for the compiler in keys of the jar, whose images are all of one.
    static final String JAR = "jar";

    /// The file of a jar that says what its images were made with, one fact a line.
    static final String MADE_WITH = "made-with";

    private final Path folder;
    private final Shipped shipped;

    /// The files that came with the program, by name.
    interface Shipped {
        /// The images of the jar: none unless it was built with the profile `cubins`.
        Shipped JAR = name -> {
            try (InputStream in = KernelFiles.class.getResourceAsStream("/cubin/" + name)) {
                return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
            }
        };

        /// The whole file.
        Optional<byte[]> read(String name) throws IOException;
    }

    /// Files in `folder`, which is made when the first is written, and those that were `shipped`.
    KernelFiles(Path folder, Shipped shipped) {
        this.folder = folder;
        this.shipped = shipped;
    }

    /// Where they are kept.
    Path folder() {
        return folder;
    }

    /// The name under which the image of `source` is kept.
    ///
    /// @param source text, headers and options
    /// @param compiler its version, or [#JAR]
    static String key(Nvrtc.Source source, String compiler) {
        MessageDigest digest = sha256();
        enter(digest, List.of(FORMAT, compiler));
        enter(digest, source.options());
        enter(digest, List.of(source.source()));
        enter(digest, source.headers().keySet());
        enter(digest, source.headers().values());
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void enter(MessageDigest digest, Collection<String> texts) {
        digest.update(length(texts.size()));
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            digest.update(length(bytes.length));
            digest.update(bytes);
        }
    }

    private static byte[] length(int length) {
        return new byte[] {(byte) length, (byte) (length >> 8), (byte) (length >> 16), (byte) (length >> 24)};
    }

    /// What a place holds for a key.
    ///
    /// @param image the image, if there is a whole one
    /// @param damaged whether there is a file that is not what was written
    record Found(Optional<byte[]> image, boolean damaged) {}

    /// What the folder has for `key`.
    Found inFolder(String key) {
        try {
            return checked(Files.readAllBytes(file(key)));
        } catch (IOException _) {
            // Most often there is none. One that cannot be read cannot be written either, and that is reported.
            return new Found(Optional.empty(), false);
        }
    }

    /// What the jar has for `key`.
    Found inJar(String key) {
        return read(key).map(KernelFiles::checked).orElseGet(() -> new Found(Optional.empty(), false));
    }

    /// What the images of the jar were made with, empty if it has none.
    String madeWith() {
        return read(MADE_WITH)
                .map(text -> new String(text, StandardCharsets.UTF_8).strip())
                .orElse("");
    }

    private Optional<byte[]> read(String name) {
        try {
            return shipped.read(name);
        } catch (IOException e) {
            throw new UncheckedIOException("reading cubin/" + name + " of the jar", e);
        }
    }

    private Path file(String key) {
        return folder.resolve(key + ".cubin");
    }

    private static Found checked(byte[] file) {
        int size = file.length - DIGEST_BYTES - MARK.length;
        if (size > 0) {
            byte[] image = Arrays.copyOf(file, size);
            if (Arrays.equals(file, sealed(image))) {
                return new Found(Optional.of(image), false);
            }
        }
        return new Found(Optional.empty(), true);
    }

    /// What a file holds for `image`.
    static byte[] sealed(byte[] image) {
        byte[] file = Arrays.copyOf(image, image.length + DIGEST_BYTES + MARK.length);
        System.arraycopy(sha256().digest(image), 0, file, image.length, DIGEST_BYTES);
        System.arraycopy(MARK, 0, file, image.length + DIGEST_BYTES, MARK.length);
        return file;
    }

    /// Keeps `image` under `key`, in place of what is there.
    ///
    /// @throws IOException if the folder cannot be written
    void keep(String key, byte[] image) throws IOException {
        Files.createDirectories(folder);
        Path partial = Files.createTempFile(folder, "partial-", ".tmp");
        try {
            Files.write(partial, sealed(image), StandardOpenOption.TRUNCATE_EXISTING);
            Files.move(partial, file(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
