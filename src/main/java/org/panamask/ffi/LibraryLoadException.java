package org.panamask.ffi;

import java.io.Serial;

/// A native library that could not be loaded, with every place tried.
public final class LibraryLoadException extends IllegalStateException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient LibraryReport report;

    LibraryLoadException(LibraryReport report, String advice) {
        super("load %s: one of these must load, but none did: %s; %s"
                .formatted(report.name(), report.failures(), advice));
        this.report = report;
    }

    /// Where was looked and what was found.
    public LibraryReport report() {
        return report;
    }
}
