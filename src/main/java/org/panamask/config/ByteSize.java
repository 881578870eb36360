package org.panamask.config;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number of bytes as people write it: `1073741824`, `8GiB`, `1.5 GB`.
public final class ByteSize {
    private static final Pattern WRITTEN = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");
    private static final Map<String, Long> UNITS = Map.of(
            "",
            1L,
            "b",
            1L,
            "kib",
            1L << 10,
            "mib",
            1L << 20,
            "gib",
            1L << 30,
            "tib",
            1L << 40,
            "kb",
            1_000L,
            "mb",
            1_000_000L,
            "gb",
            1_000_000_000L,
            "tb",
            1_000_000_000_000L);

    private ByteSize() {}

    /// The bytes that `text` stands for; empty if it is not a size.
    public static Optional<Long> parse(String text) {
        Matcher matcher = WRITTEN.matcher(text.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.ofNullable(UNITS.get(matcher.group(2).toLowerCase(Locale.ROOT)))
                .map(unit -> Math.round(Double.parseDouble(matcher.group(1)) * unit));
    }

    /// The size in the largest binary unit that keeps it at 1 or above: `1.50 GiB`, `512 bytes`.
    public static String show(long bytes) {
        if (bytes < 1L << 10) {
            return bytes + " bytes";
        }
        String[] units = {"KiB", "MiB", "GiB", "TiB"};
        int unit = Math.min(3, (63 - Long.numberOfLeadingZeros(bytes)) / 10 - 1);
        return String.format(Locale.ROOT, "%.2f %s", bytes / Math.pow(1024, unit + 1), units[unit]);
    }
}
