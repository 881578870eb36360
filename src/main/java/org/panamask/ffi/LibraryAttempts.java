package org.panamask.ffi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.panamask.ffi.LibraryReport.Attempt;

/// The places that one search has tried so far.
final class LibraryAttempts {
    static final String LOADED = "loaded";

    private final List<Attempt> attempts = new ArrayList<>();

    /// Loads a library from somewhere.
    @FunctionalInterface
    interface Loading {
        void run() throws IOException;
    }

    List<Attempt> list() {
        return List.copyOf(attempts);
    }

    void note(String place, String result) {
        attempts.add(new Attempt(place, result));
    }

    /// Loads the library of `file`, and says whether that worked.
    boolean file(Path file) {
        Path path = file.toAbsolutePath();
        if (!Files.isRegularFile(path)) {
            note(path.toString(), "no such file");
            return false;
        }
        return attempt(path.toString(), () -> System.load(path.toString()));
    }

    boolean attempt(String place, Loading loading) {
        try {
            loading.run();
            note(place, LOADED);
            return true;
        } catch (IllegalCallerException e) {
            throw new NativeAccessException(e);
        } catch (IOException | UnsatisfiedLinkError e) {
            note(place, String.valueOf(e.getMessage()));
            return false;
        }
    }
}
