package org.panamask.backend.memory;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Ledger;

/// Takes and gives back memory of a space, each byte entered in the ledger under its owner.
public final class BackendMemory {
    private static final String LESS = "lower train.micro_batch or data.max_tokens, or set train.recompute to true";

    private final Space space;
    private final Ledger ledger;
    private final long limitBytes;

    /// Memory of `space`, at most `limitBytes` at once; 0 sets no bound.
    public BackendMemory(Space space, Ledger ledger, long limitBytes) {
        this.space = space;
        this.ledger = ledger;
        this.limitBytes = limitBytes;
    }

    /// Where the bytes come from.
    Space space() {
        return space;
    }

    /// The book that every byte stands in.
    public Ledger ledger() {
        return ledger;
    }

    /// Takes `bytes` for `owner`; `purpose` says in messages what they are for.
    ///
    /// @throws DeviceMemoryException if the bound is reached or the system has no more
    public Block take(String owner, long bytes, String purpose) {
        if (limitBytes > 0 && ledger.total() + bytes > limitBytes) {
            throw exhausted(
                    bytes,
                    purpose,
                    "of a limit of " + size(limitBytes),
                    "lower train.micro_batch or data.max_tokens, or raise backend.memory_limit");
        }
        Block block;
        try {
            block = space.take(bytes);
        } catch (OutOfMemoryError none) {
            throw exhausted(bytes, purpose, "and " + none.getMessage(), LESS);
        }
        ledger.take(owner, block.bytes());
        return block;
    }

    /// Gives back what `owner` took.
    public void give(String owner, Block block) {
        space.give(block);
        ledger.give(owner, block.bytes());
    }

    /// What to throw when something else than [#take] found no memory: `failure` says what.
    public DeviceMemoryException exhausted(RuntimeException failure) {
        return new DeviceMemoryException(
                "out of memory: " + failure.getMessage() + "; " + size(ledger.total()) + " in use (" + owners() + "); "
                        + LESS,
                failure);
    }

    private DeviceMemoryException exhausted(long bytes, String purpose, String bound, String advice) {
        return new DeviceMemoryException("out of memory: asked " + size(bytes) + " for " + purpose + ", "
                + size(ledger.total()) + " in use (" + owners() + ") " + bound
                + "; " + advice);
    }

    private String owners() {
        return ledger.owners().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(owner -> owner.getKey() + " " + size(owner.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String size(long bytes) {
        if (bytes < 1 << 20) {
            return String.format(Locale.ROOT, "%.2f KiB", bytes / 0x1p10);
        }
        return bytes < 1 << 30
                ? String.format(Locale.ROOT, "%.2f MiB", bytes / 0x1p20)
                : String.format(Locale.ROOT, "%.2f GiB", bytes / 0x1p30);
    }
}
